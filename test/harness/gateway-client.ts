// A client of one gateway: requests that can be cut at any time, and event streams. Records when a response was complete.
import http from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface StreamEvent {
  readonly event: string;
  readonly data: any;
}

export interface RequestSpec {
  readonly method: string;
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent unchanged; the content type is in `headers`. Excludes `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** After this time the request is cut, and `done` is `overdue`. */
  readonly limitMs: number;
  /** For responses that are event streams: called for each event as it arrives. */
  readonly onEvent?: (event: StreamEvent) => void;
}

/** `at`: when the response was complete, or the connection broke or was cut. */
export type ExchangeResult =
  | { readonly ending: 'answered'; readonly at: number; readonly reply: Reply }
  | { readonly ending: 'cut' | 'broken' | 'overdue'; readonly at: number };

export interface Exchange {
  readonly done: Promise<ExchangeResult>;
  /** Closes the connection. No further events are delivered. */
  readonly cut: () => void;
}

export class GatewayClient {
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #hostname: string;
  readonly #port: string;

  constructor(baseUrl: string) {
    ({ hostname: this.#hostname, port: this.#port } = new URL(baseUrl));
  }

  send(sent: RequestSpec): Exchange {
    const { method, path, body, limitMs, onEvent } = sent;
    const text = body === undefined ? sent.text : JSON.stringify(body);
    const request = http.request({
      agent: this.#agent,
      hostname: this.#hostname,
      port: this.#port,
      method,
      path,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(text !== undefined && { 'content-length': Buffer.byteLength(text) }),
        ...sent.headers,
      },
    });
    let cutAs: { ending: 'cut' | 'overdue'; at: number } | undefined;
    let isDone = false;
    const end = (ending: 'cut' | 'overdue'): void => {
      // The connection may already belong to another request.
      if (isDone) return;
      cutAs ??= { ending, at: performance.now() };
      request.destroy();
    };
    const limit = setTimeout(() => end('overdue'), limitMs);
    const done = new Promise<ExchangeResult>((resolve) => {
      const broken = (): void => resolve(cutAs ?? { ending: 'broken', at: performance.now() });
      request.on('error', broken);
      request.on('close', broken);
      request.on('response', (response) => {
        const chunks: string[] = [];
        const read = onEvent === undefined ? undefined : eventReader(onEvent);
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (cutAs !== undefined) return;
          chunks.push(chunk);
          read?.(chunk);
        });
        response.on('error', broken);
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          if (cutAs !== undefined || !response.complete) broken();
          else {
            resolve({
              ending: 'answered',
              at: performance.now(),
              reply: { status: statusCode, headers, text: chunks.join('') },
            });
          }
        });
      });
      request.end(text);
    }).finally(() => clearTimeout(limit));
    void done.then(() => (isDone = true));
    return { done, cut: () => end('cut') };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Parses server-sent events and skips comments. */
function eventReader(onEvent: (event: StreamEvent) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) onEvent({ event, data: JSON.parse(data) });
    }
  };
}
