// Reads a stream of server-sent events as it comes, over a connection of its own that can be closed at any moment.
import http from 'node:http';
import type { Sent } from './http-client.js';

const EVENT_LIMIT_MS = 15_000;

export interface StreamEvent {
  readonly event: string;
  readonly data: any;
}

export interface EventStream {
  /** All that have come so far. */
  readonly events: readonly StreamEvent[];
  /** The next event that `next` has not given yet; throws when the stream ends before, or none comes in time. */
  next(limitMs?: number): Promise<StreamEvent>;
  /** The next event of that name; others before it are skipped. */
  until(event: string, limitMs?: number): Promise<StreamEvent>;
  /** Resolves when the server has ended the stream, or the connection is gone. */
  readonly ended: Promise<void>;
  /** Ends the connection from our side. */
  close(): void;
}

/** What came instead of a stream. */
export class NoStream extends Error {
  constructor(
    readonly status: number,
    readonly headers: http.IncomingHttpHeaders,
    readonly text: string,
  ) {
    super(`no stream but ${status} ${text}`);
  }
}

/** Resolves once the 200 has begun; throws `NoStream` for any other answer. */
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
      const told = JSON.stringify(events);
      if (isEnded) throw new Error(`the stream has ended after ${told}`);
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`no further event within ${limitMs} ms after ${told}`);
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

/** Comments are no events. */
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
