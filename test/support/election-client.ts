// A client of the election API. An undocumented response or event fails the test.
import { documentedCalls, jsonBody, untilQueued } from './documented-calls.js';
import type { EventStream } from './event-stream.js';
import type { Answer, Sent } from './http-client.js';

export interface ElectionClient {
  readonly baseUrl: string;
  campaign(name: string, body: object | string, sent?: Sent): Promise<Answer>;
  /** Campaigns. Throws if the status is not 200. */
  lead(name: string, body: object): Promise<any>;
  inspect(name: string): Promise<any>;
  renew(name: string, body: object): Promise<Answer>;
  proclaim(name: string, body: object): Promise<Answer>;
  resign(name: string, body: object): Promise<Answer>;
  /** `query` with its question mark. */
  resignBy(name: string, query: string, sent?: Sent): Promise<Answer>;
  events(name: string): Promise<EventStream>;
  /** Resolves when that many candidates wait. */
  untilQueued(name: string, count: number): Promise<void>;
}

export function electionClient(baseUrl: string): ElectionClient {
  const { call, stream } = documentedCalls(baseUrl);
  const at = (name: string): string => `/v1/elections/${encodeURIComponent(name)}`;
  const get = (name: string): Promise<Answer> => call('getElection', 'GET', at(name));
  const campaign: ElectionClient['campaign'] = (name, body, sent = {}) =>
    call('campaign', 'PUT', at(name), { ...jsonBody(body), ...sent });
  return {
    baseUrl,
    campaign,
    async lead(name, body) {
      const answer = await campaign(name, body);
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      return answer.json();
    },
    inspect: async (name) => (await get(name)).json(),
    renew: (name, body) => call('renewLeadership', 'POST', `${at(name)}/keepalive`, jsonBody(body)),
    proclaim: (name, body) => call('proclaim', 'POST', `${at(name)}/proclaim`, jsonBody(body)),
    resign: (name, body) => call('resign', 'DELETE', at(name), jsonBody(body)),
    resignBy: (name, query, sent) => call('resign', 'DELETE', `${at(name)}${query}`, sent),
    events: (name) => stream('watchElection', 'GET', `${at(name)}/events`),
    untilQueued: (name, count) => untilQueued(() => get(name), count),
  };
}
