// Reads a stream of server-sent events over its own connection, which can be closed at any time.
import http from 'node:http';
import type { Sent } from './http-client.js';

const EVENT_LIMIT_MS = 15_000;

export interface StreamEvent {
  readonly event: string;
  readonly data: any;
}

export interface EventStream {
  /** All events received so far. */
  readonly events: readonly StreamEvent[];
  /** Returns the next event. Throws if the stream ends or none arrives in time. */
  next(limitMs?: number): Promise<StreamEvent>;
  /** Returns the next event of that name and skips others. */
  until(event: string, limitMs?: number): Promise<StreamEvent>;
  /** Resolves when the server has ended the stream or the connection is closed. */
  readonly ended: Promise<void>;
  /** Closes the connection. */
  close(): void;
}

/** The response that is not a stream. */
export class NoStream extends Error {
  constructor(
    readonly status: number,
    readonly headers: http.IncomingHttpHeaders,
    readonly text: string,
  ) {
    super(`no stream but ${status} ${text}`);
  }
}

/** Resolves when the headers of the 200 have arrived. Throws `NoStream` for any other response. */
export async function openEvents(
  baseUrl: string,
  method: string,
  path: string,
  { headers = {}, body }: Sent = {},
): Promise<EventStream> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const request = http.request({ agent: false, hostname, port, method, path, headers });
    request.on('error', reject);
    request.on('response', (response) => {
      const type = response.headers['content-type'] ?? '';
      if (response.statusCode === 200 && type.startsWith('text/event-stream')) {
        resolve(follow(request, response));
      } else void readWhole(response).then(reject, reject);
    });
    if (body !== undefined) request.setHeader('content-length', Buffer.byteLength(body));
    request.end(body);
  });
}

async function readWhole(response: http.IncomingMessage): Promise<NoStream> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return new NoStream(response.statusCode ?? 0, response.headers, text);
}

function follow(request: http.ClientRequest, response: http.IncomingMessage): EventStream {
  const events: StreamEvent[] = [];
  let given = 0;
  let isEnded = false;
  let changed = (): void => undefined;
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    events.push(...blocks.flatMap(parseBlock));
    changed();
  });
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      isEnded = true;
      changed();
      resolve();
    };
    request.on('error', end);
    response.on('error', end);
    response.on('close', end);
  });
  const next = async (limitMs = EVENT_LIMIT_MS): Promise<StreamEvent> => {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const event = events[given];
      if (event !== undefined) {
        given += 1;
        return event;
      }
      const received = JSON.stringify(events);
      if (isEnded) throw new Error(`the stream has ended after ${received}`);
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`no further event within ${limitMs} ms after ${received}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    events,
    next,
    async until(event, limitMs) {
      for (;;) {
        const seen = await next(limitMs);
        if (seen.event === event) return seen;
      }
    },
    ended,
    close: () => request.destroy(),
  };
}

/** Parses server-sent events and skips comments. */
function parseBlock(block: string): StreamEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const [event, data] = [fields.get('event'), fields.get('data')];
  return event === undefined || data === undefined ? [] : [{ event, data: JSON.parse(data) }];
}
