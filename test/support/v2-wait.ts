// A wait of v2 as its clients see it: headers at once, then a line of JSON for each event.
import type http from 'node:http';
import { openAnswer } from './open-answer.js';
import { eventually } from './raw-door.js';

const EVENT_LIMIT_MS = 15_000;

export interface V2WaitReader {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** All that have come so far. */
  readonly events: readonly any[];
  /** Resolves with all of them once there are so many. */
  until(count: number): Promise<readonly any[]>;
  /** Resolves with the whole body when the server has ended the answer, or the connection is gone. */
  readonly ended: Promise<string>;
  /** Cuts the connection. */
  close(): void;
}

/** Resolves once the answer has begun. `query` without `wait=true`. */
export async function openWait(
  baseUrl: string,
  path: string,
  query = '',
  headers: http.OutgoingHttpHeaders = {},
): Promise<V2WaitReader> {
  const events: any[] = [];
  let rest = '';
  const asked = `/v2/keys${path}?wait=true${query === '' ? '' : `&${query}`}`;
  const answer = await openAnswer(baseUrl, asked, headers, (piece) => {
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
        throw new Error(`not ${count} events but ${JSON.stringify(events)}`);
      return events;
    },
    ended,
    close: () => answer.cut(),
  };
}
