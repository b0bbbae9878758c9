// One gateway as its clients reach it: requests that can be cut at any moment, and event streams. Says when an answer was whole.
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

export interface Sent {
  readonly method: string;
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it is, with a content type among the headers. Not together with `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Past it the request is given up, and `done` is `overdue`. */
  readonly limitMs: number;
  /** For answers that are event streams; told as they come. */
  readonly onEvent?: (event: StreamEvent) => void;
}

/** `at`: when the answer was whole, the connection broke, or was cut. */
export type Done =
  | { readonly ending: 'answered'; readonly at: number; readonly reply: Reply }
  | { readonly ending: 'cut' | 'broken' | 'overdue'; readonly at: number };

export interface Exchange {
  readonly done: Promise<Done>;
  /** Closes the connection; nothing more is heard. */
  readonly cut: () => void;
}

export class Door {
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #hostname: string;
  readonly #port: string;

  constructor(baseUrl: string) {
    ({ hostname: this.#hostname, port: this.#port } = new URL(baseUrl));
  }

  send(sent: Sent): Exchange {
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
    let given: { ending: 'cut' | 'overdue'; at: number } | undefined;
    let isDone = false;
    const end = (ending: 'cut' | 'overdue'): void => {
      // By then the connection may be another request's.
      if (isDone) return;
      given ??= { ending, at: performance.now() };
      request.destroy();
    };
    const limit = setTimeout(() => end('overdue'), limitMs);
    const done = new Promise<Done>((resolve) => {
      const broken = (): void => resolve(given ?? { ending: 'broken', at: performance.now() });
      request.on('error', broken);
      request.on('close', broken);
      request.on('response', (response) => {
        const chunks: string[] = [];
        const read = onEvent === undefined ? undefined : eventReader(onEvent);
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (given !== undefined) return;
          chunks.push(chunk);
          read?.(chunk);
        });
        response.on('error', broken);
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          if (given !== undefined || !response.complete) broken();
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

/** Comments are no events. */
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
