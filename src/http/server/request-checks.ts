// Rejects requests that a proxy before or after the gateway may read differently: repeated or excess headers, unknown methods, and bodies
// that no operation reads.
import type { IncomingMessage } from 'node:http';
import { GatewayError, invalidRequest } from '../../core/errors.js';

export const METHODS: readonly string[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'];
/** The Node server keeps one header more, so that `checkHeaderCount` notices an excess that Node would drop. */
export const HEADERS_MAX = 100;

const BODILESS_METHODS: readonly string[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS'];
const RELEASE_PATH = /^\/v1\/(?:locks|elections)\//;
const ETCD_API_PATH = /^\/+v(?:2|3|3beta|3alpha)\//;

export function checkMethod({ method = '' }: IncomingMessage): void {
  if (METHODS.includes(method)) return;
  throw new GatewayError('method-not-allowed', {
    detail: `no operation has the method ${method}`,
    headers: { Allow: METHODS.join(', ') },
  });
}

/** Throws `headers-too-large`. */
export function checkHeaderCount({ rawHeaders }: IncomingMessage): void {
  if (rawHeaders.length <= 2 * HEADERS_MAX) return;
  throw new GatewayError('headers-too-large', {
    detail: `the request has more than ${HEADERS_MAX} headers`,
  });
}

/** Throws `invalid-request` for a repeated header: Node keeps the first one, other programs the last. `name` is in lower case. */
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

/** Throws `invalid-request` for repeated credentials, and for credentials that are not ASCII, as all schemes are (RFC 9110 section 11.4). */
export function checkCredentials(req: IncomingMessage): void {
  checkSingle(req, 'authorization');
  if (/^[\t\x20-\x7e]*$/.test(req.headers.authorization ?? '')) return;
  throw invalidRequest('Authorization', 'the Authorization header is not ASCII');
}

/** Throws `invalid-request` for a body that no operation reads. The simple lock and releases read one; the APIs of etcd check for themselves. */
export function checkBody(req: IncomingMessage, path: string): void {
  const { method = '', headers } = req;
  const length = headers['content-length'];
  const hasBody =
    headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
  if (!hasBody || !BODILESS_METHODS.includes(method)) return;
  if (path === '/' || ETCD_API_PATH.test(path)) return;
  if (method === 'DELETE' && RELEASE_PATH.test(path)) return;
  throw invalidRequest(
    '',
    `${method} ${path} does not accept a body`,
    'pass parameters in the query',
  );
}
