// Sends a request as it is, and gives up on answers that have no end: of a stream only the beginning is looked at.
import http from 'node:http';
import type { FuzzRequest } from './request.js';

export interface FuzzAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The answer came to its end by itself. */
  readonly isWhole: boolean;
}

/** Of an event stream that has begun; and of any other answer, since etcd's streams look like those. */
const STREAM_MS = 200;
const ANSWER_MS = 2_000;
/** Until the answer begins. */
const PATIENCE_MS = 90_000;

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** Undefined when there was no answer at all: the connection broke. */
export async function sendFuzz(
  baseUrl: string,
  request: FuzzRequest,
): Promise<FuzzAnswer | undefined> {
  const answer = await sendOnce(baseUrl, request);
  // A kept connection may be closed at any moment, as after what the request before it left unread: a new one decides.
  return answer === 'kept connection broke' ? sendFuzz(baseUrl, request) : answer;
}

async function sendOnce(
  baseUrl: string,
  request: FuzzRequest,
): Promise<FuzzAnswer | 'kept connection broke' | undefined> {
  const { hostname, port } = new URL(baseUrl);
  const { method, path, headers, body } = request;
  return new Promise((resolve, reject) => {
    const sent = http.request({
      agent,
      hostname,
      port,
      method,
      path,
      headers: {
        ...headers,
        ...(body !== undefined &&
          !('transfer-encoding' in headers) && { 'content-length': Buffer.byteLength(body) }),
      },
    });
    sent.setTimeout(PATIENCE_MS, () => {
      reject(new Error(`no answer to ${describe(request)}`));
      sent.destroy();
    });
    sent.on('error', () => resolve(sent.reusedSocket ? 'kept connection broke' : undefined));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      const finish = (isWhole: boolean): void => {
        clearTimeout(limit);
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, isWhole });
      };
      const isStream = /event-stream|ndjson/.test(response.headers['content-type'] ?? '');
      const limit = setTimeout(
        () => {
          finish(false);
          sent.destroy();
        },
        isStream ? STREAM_MS : ANSWER_MS,
      );
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => finish(true));
      response.on('error', () => finish(false));
    });
    sent.end(body);
  });
}

const TEXT_SHOWN_MAX = 600;

export function describe({ operationId, method, path, headers, body }: FuzzRequest): string {
  const shown = body === undefined ? 'no body' : JSON.stringify(body).slice(0, TEXT_SHOWN_MAX);
  return `${operationId}: ${method} ${path.slice(0, TEXT_SHOWN_MAX)} ${JSON.stringify(headers)} ${shown}`;
}
