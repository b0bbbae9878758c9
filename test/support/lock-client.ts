// The lock calls of one gateway. Every answer and every event that comes through here has to be documented.
import { openEvents } from './event-stream.js';
import type { EventStream, StreamEvent } from './event-stream.js';
import { JSON_TYPE, send } from './http-client.js';
import type { Answer, Sent } from './http-client.js';
import { expectDocumentedEvent, expectDocumentedResponse } from './openapi-response.js';

const QUEUED_LIMIT_MS = 10_000;
const QUEUED_POLL_MS = 20;

export interface LockClient {
  readonly baseUrl: string;
  acquire(name: string, body: object | string, sent?: Sent): Promise<Answer>;
  /** Acquires; throws when the answer is not 200. */
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
  const call = async (
    operationId: string,
    method: string,
    path: string,
    sent: Sent = {},
  ): Promise<Answer> => {
    const answer = await send(baseUrl, method, path, sent);
    expectDocumentedResponse(operationId, answer);
    return answer;
  };
  const at = (name: string): string => `/v1/locks/${encodeURIComponent(name)}`;
  const json = (body: object | string): Sent => ({
    headers: JSON_TYPE,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const stream = async (
    operationId: string,
    method: string,
    path: string,
    sent: Sent,
  ): Promise<EventStream> => {
    const events = await openEvents(baseUrl, method, path, sent);
    const checked = (event: StreamEvent): StreamEvent => {
      expectDocumentedEvent(operationId, event);
      return event;
    };
    return {
      ...events,
      next: async (limitMs) => checked(await events.next(limitMs)),
      until: async (event, limitMs) => checked(await events.until(event, limitMs)),
    };
  };
  const inspect = (name: string): Promise<Answer> => call('inspectLock', 'GET', at(name));
  const acquire: LockClient['acquire'] = (name, body, sent = {}) =>
    call('acquireLock', 'PUT', at(name), { ...json(body), ...sent });
  return {
    baseUrl,
    acquire,
    async hold200(name, body) {
      const answer = await acquire(name, body);
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      return answer.json();
    },
    inspect,
    renew: (name, body) => call('renewLock', 'POST', `${at(name)}/keepalive`, json(body)),
    release: (name, body) => call('releaseLock', 'DELETE', at(name), json(body)),
    releaseBy: (name, query, sent) => call('releaseLock', 'DELETE', `${at(name)}${query}`, sent),
    list: (query = '') => call('listLocks', 'GET', `/v1/locks${query}`),
    hold: (name, body) => stream('holdLock', 'POST', `${at(name)}/hold`, json(body)),
    events: (name) => stream('watchLock', 'GET', `${at(name)}/events`, {}),
    async untilQueued(name, count) {
      const deadline = Date.now() + QUEUED_LIMIT_MS;
      for (;;) {
        const { queueLength } = (await inspect(name)).json();
        if (queueLength === count) return;
        if (Date.now() > deadline) throw new Error(`${queueLength} wait, not ${count}`);
        await new Promise((resolve) => setTimeout(resolve, QUEUED_POLL_MS));
      }
    },
  };
}
