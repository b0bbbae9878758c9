// An HTTP client that changes nothing: no normalized paths, no added headers, and the exact bytes of the response.
import http from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** Returns the parsed body. Throws if it is not JSON. */
  json(): any;
}

export interface Sent {
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal | undefined;
}

const RESPONSE_LIMIT_MS = 30_000;
const agent = new http.Agent({ keepAlive: true, maxSockets: 128 });

export async function send(
  baseUrl: string,
  method: string,
  path: string,
  sent: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { headers = {}, body, signal } = sent;
    const request = http.request({
      agent,
      ...addressIn(baseUrl),
      method,
      path,
      headers,
      signal,
      timeout: RESPONSE_LIMIT_MS,
    });
    request.on('timeout', () => request.destroy(new Error(`no response to ${method} ${path}`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          text,
          json: () => JSON.parse(text),
        });
      });
    });
    if (body !== undefined) request.setHeader('content-length', Buffer.byteLength(body));
    request.end(body);
  });
}

export const JSON_TYPE = { 'content-type': 'application/json' } as const;
export const BYTES_TYPE = { 'content-type': 'application/octet-stream' } as const;

/** `unix:///path` or `http://host:port`. */
function addressIn(baseUrl: string): http.RequestOptions {
  if (baseUrl.startsWith('unix://')) return { socketPath: baseUrl.slice('unix://'.length) };
  const { hostname, port } = new URL(baseUrl);
  return { hostname: hostname.replace(/^\[|\]$/g, ''), port };
}
