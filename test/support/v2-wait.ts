// A client of v2 waits: receives the headers at once and one line of JSON for each event.
import type http from 'node:http';
import { openResponse } from './open-response.js';
import { eventually } from './raw-router-server.js';

const EVENT_LIMIT_MS = 15_000;

export interface V2WaitReader {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** All events received so far. */
  readonly events: readonly any[];
  /** Resolves with all events once their number is at least `count`. */
  until(count: number): Promise<readonly any[]>;
  /** Resolves with the whole body when the response or the connection has ended. */
  readonly ended: Promise<string>;
  /** Closes the connection. */
  close(): void;
}

/** Resolves when the headers have arrived. Pass `query` without `wait=true`. */
export async function openWait(
  baseUrl: string,
  path: string,
  query = '',
  headers: http.OutgoingHttpHeaders = {},
): Promise<V2WaitReader> {
  const events: any[] = [];
  let rest = '';
  const target = `/v2/keys${path}?wait=true${query === '' ? '' : `&${query}`}`;
  const answer = await openResponse(baseUrl, target, headers, (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.map((line) => JSON.parse(line) as unknown));
  });
  const { response, ended } = answer;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    async until(count) {
      await eventually(() => answer.isOver() || events.length >= count, EVENT_LIMIT_MS).catch(
        () => undefined,
      );
      if (events.length < count)
        throw new Error(`expected ${count} events, received ${JSON.stringify(events)}`);
      return events;
    },
    ended,
    close: () => answer.cut(),
  };
}
