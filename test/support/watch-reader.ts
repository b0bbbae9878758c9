// Reads a stream of /v1/watch like a browser: events with their IDs, and the ID that a reconnect would send.
import type http from 'node:http';
import { openResponse } from './open-response.js';
import { expectDocumentedEvent, expectDocumentedLine } from './openapi-response.js';
import { eventually } from './raw-router-server.js';

const EVENT_LIMIT_MS = 15_000;

export interface WatchedEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: any;
}

export interface WatchReader {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** All events so far, without heartbeats. */
  readonly events: readonly WatchedEvent[];
  /** All IDs so far, including those of heartbeats. */
  readonly ids: readonly string[];
  /** The reconnection time in the stream. */
  readonly retryMs: number | undefined;
  /** The body so far, also of a response that is not a stream. */
  readonly text: string;
  /** Resolves with all events when there are at least `count`. */
  until(count: number, limitMs?: number): Promise<readonly WatchedEvent[]>;
  /** Resolves with the body when the response has ended or the connection is closed. */
  readonly ended: Promise<string>;
  /** Cuts the connection. */
  close(): void;
}

export interface WatchReaderOptions {
  /** Server-sent events by default. */
  readonly as?: 'sse' | 'ndjson';
  /** A header with the value undefined is not sent. */
  readonly headers?: http.OutgoingHttpHeaders;
  /** Called for each event when it is read. If it returns false, the connection is cut at once and later data are ignored. */
  readonly onEvent?: (event: WatchedEvent) => boolean;
}

const ACCEPT = { sse: 'text/event-stream', ndjson: 'application/x-ndjson' } as const;

/** Resolves when the headers have arrived. `query` has no `?`. Every event is validated against the OpenAPI document. */
export async function openWatch(
  baseUrl: string,
  query: string,
  { as = 'sse', headers = {}, onEvent = () => true }: WatchReaderOptions = {},
): Promise<WatchReader> {
  const sent = Object.fromEntries(
    Object.entries({ accept: ACCEPT[as], ...headers }).filter(([, value]) => value !== undefined),
  );
  const seen = new Seen();
  const events: WatchedEvent[] = [];
  const separator = as === 'sse' ? '\n\n' : '\n';
  let rest = '';
  let isCut = false;
  const take = (part: string): void => {
    const event = as === 'sse' ? seen.block(part) : seen.line(part);
    if (event === undefined) return;
    events.push(event);
    if (!onEvent(event)) close();
  };
  const answer = await openResponse(baseUrl, `/v1/watch?${query}`, sent, (piece) => {
    if (!isStream()) return;
    const from = Math.max(0, rest.length - 1);
    rest += piece;
    for (let end = rest.indexOf(separator, from); end >= 0; end = rest.indexOf(separator)) {
      const part = rest.slice(0, end);
      rest = rest.slice(end + separator.length);
      if (isCut) return;
      take(part);
    }
  });
  const { response, ended } = answer;
  const isStream = (): boolean => String(response.headers['content-type']).startsWith(ACCEPT[as]);
  const close = (): void => {
    isCut = true;
    answer.cut();
  };
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    ids: seen.ids,
    get retryMs() {
      return seen.retryMs;
    },
    get text() {
      return answer.text();
    },
    async until(count, limitMs = EVENT_LIMIT_MS) {
      await eventually(() => answer.isOver() || events.length >= count, limitMs).catch(
        () => undefined,
      );
      if (events.length < count) {
        const end = answer.isOver() ? 'before the end' : `within ${limitMs} ms`;
        throw new Error(`not ${count} events ${end}, but ${JSON.stringify(events)}`);
      }
      return events;
    },
    ended,
    close,
  };
}

class Seen {
  readonly ids: string[] = [];
  retryMs: number | undefined;

  /** Follows https://html.spec.whatwg.org/multipage/server-sent-events.html: a block without data is not an event, but its ID counts. */
  block(text: string): WatchedEvent | undefined {
    const fields = new Map<string, string>();
    for (const line of text.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (name !== '') fields.set(name, value);
    }
    const [id, retry, data] = [fields.get('id'), fields.get('retry'), fields.get('data')];
    if (id !== undefined) this.ids.push(id);
    if (retry !== undefined) this.retryMs = Number(retry);
    if (data === undefined) return undefined;
    const event: WatchedEvent = {
      event: fields.get('event') ?? 'message',
      ...(id !== undefined && { id }),
      data: JSON.parse(data) as unknown,
    };
    expectDocumentedEvent('watchKeys', event);
    return event;
  }

  line(text: string): WatchedEvent | undefined {
    const line = JSON.parse(text) as { event: string; id?: string };
    expectDocumentedLine('watchKeys', line);
    const { event, id, ...data } = line;
    if (id !== undefined) this.ids.push(id);
    return event === 'heartbeat' ? undefined : { event, ...(id !== undefined && { id }), data };
  }
}

/** `put key@revision.n`, or only the name for events that are not changes. */
export function wordsOf(events: readonly WatchedEvent[]): string[] {
  return events.map(({ event, id, data }) =>
    event === 'put' || event === 'delete' ? `${event} ${data.key}@${id ?? ''}` : event,
  );
}
