// What the frame of a request may not be: a target that names a host, headers that are there twice, too many of them, a method that no
// door knows, a body where nobody reads one. Whoever stands before or behind the gateway may take such a thing for something else.
import type { IncomingMessage } from 'node:http';
import { GatewayError, invalidRequest } from '../errors.js';

export const METHODS: readonly string[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'];
/** Node is told to keep one more, so that too many are seen instead of dropped. */
export const HEADERS_MAX = 100;

const BODILESS_METHODS: readonly string[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS'];
const RELEASE_PATH = /^\/v1\/(?:locks|elections)\//;
const FOREIGN_DOOR_PATH = /^\/+v(?:2|3|3beta|3alpha)\//;

/** The path of the request target. An absolute-form target names a host of its own, which no door may act upon. */
export function checkTarget(target: string): string {
  if (target.startsWith('/')) return target.split('?', 1)[0] ?? target;
  throw new GatewayError('invalid-request', {
    detail: 'the request target does not begin with a slash',
    hint: 'this is a server, not a forward proxy: send the path alone',
  });
}

export function checkMethod({ method = '' }: IncomingMessage): void {
  if (METHODS.includes(method)) return;
  throw new GatewayError('method-not-allowed', {
    detail: `${method} is used nowhere here`,
    headers: { Allow: METHODS.join(', ') },
  });
}

/** Throws `headers-too-large` for more headers than are looked at. */
export function checkHeaderCount({ rawHeaders }: IncomingMessage): void {
  if (rawHeaders.length <= 2 * HEADERS_MAX) return;
  throw new GatewayError('headers-too-large', {
    detail: `the request has more than ${HEADERS_MAX} headers`,
  });
}

/** `name` in lower case. Node keeps the first of several and drops the rest; others keep the last. */
export function checkSingle({ rawHeaders }: IncomingMessage, name: string): void {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const header = rawHeaders[i] ?? '';
    if (header.length === name.length && header.toLowerCase() === name) count++;
  }
  if (count <= 1) return;
  throw new GatewayError('invalid-request', {
    detail: `the request has ${count} ${name} headers`,
    hint: 'send one',
  });
}

/** Throws `invalid-request` for credentials that are there twice, or are none: all schemes are ASCII (RFC 9110 section 11.4). */
export function checkCredentials(req: IncomingMessage): void {
  checkSingle(req, 'authorization');
  if (/^[\t\x20-\x7e]*$/.test(req.headers.authorization ?? '')) return;
  throw invalidRequest('Authorization', 'the Authorization header is not ASCII');
}

/** Throws `invalid-request` for a body that no door would read. The simple lock and releases take one; the doors of etcd judge for themselves. */
export function checkBody(req: IncomingMessage, path: string): void {
  const { method = '', headers } = req;
  const length = headers['content-length'];
  const hasBody =
    headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
  if (!hasBody || !BODILESS_METHODS.includes(method)) return;
  if (path === '/' || FOREIGN_DOOR_PATH.test(path)) return;
  if (method === 'DELETE' && RELEASE_PATH.test(path)) return;
  throw invalidRequest('', `${method} ${path} takes no body`, 'pass parameters in the query');
}
