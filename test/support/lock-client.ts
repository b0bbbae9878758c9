// A client of the lock API. An undocumented response or event fails the test.
import { documentedCalls, jsonBody, untilQueued } from './documented-calls.js';
import type { EventStream } from './event-stream.js';
import type { Answer, Sent } from './http-client.js';

export interface LockClient {
  readonly baseUrl: string;
  acquire(name: string, body: object | string, sent?: Sent): Promise<Answer>;
  /** Acquires. Throws if the status is not 200. */
  hold200(name: string, body: object): Promise<any>;
  inspect(name: string): Promise<Answer>;
  renew(name: string, body: object): Promise<Answer>;
  release(name: string, body: object): Promise<Answer>;
  /** `query` with its question mark. */
  releaseBy(name: string, query: string, sent?: Sent): Promise<Answer>;
  list(query?: string): Promise<Answer>;
  hold(name: string, body: object): Promise<EventStream>;
  events(name: string): Promise<EventStream>;
  /** Resolves when that many wait for the lock. */
  untilQueued(name: string, count: number): Promise<void>;
}

export function lockClient(baseUrl: string): LockClient {
  const { call, stream } = documentedCalls(baseUrl);
  const at = (name: string): string => `/v1/locks/${encodeURIComponent(name)}`;
  const inspect = (name: string): Promise<Answer> => call('inspectLock', 'GET', at(name));
  const acquire: LockClient['acquire'] = (name, body, sent = {}) =>
    call('acquireLock', 'PUT', at(name), { ...jsonBody(body), ...sent });
  return {
    baseUrl,
    acquire,
    async hold200(name, body) {
      const answer = await acquire(name, body);
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      return answer.json();
    },
    inspect,
    renew: (name, body) => call('renewLock', 'POST', `${at(name)}/keepalive`, jsonBody(body)),
    release: (name, body) => call('releaseLock', 'DELETE', at(name), jsonBody(body)),
    releaseBy: (name, query, sent) => call('releaseLock', 'DELETE', `${at(name)}${query}`, sent),
    list: (query = '') => call('listLocks', 'GET', `/v1/locks${query}`),
    hold: (name, body) => stream('holdLock', 'POST', `${at(name)}/hold`, jsonBody(body)),
    events: (name) => stream('watchLock', 'GET', `${at(name)}/events`),
    untilQueued: (name, count) => untilQueued(() => inspect(name), count),
  };
}
