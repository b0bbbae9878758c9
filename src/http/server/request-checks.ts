// What the frame of a request must not be: a target with user information or of another scheme, a header that is there twice, too many
// headers, an unknown method, a body where none is read. Programs before or behind the gateway may read such a request differently.
import type { IncomingMessage } from 'node:http';
import { GatewayError, invalidRequest } from '../../core/errors.js';

export const METHODS: readonly string[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'];
/** Node is told to keep one more, so that too many are seen instead of dropped. */
export const HEADERS_MAX = 100;

const BODILESS_METHODS: readonly string[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS'];
const RELEASE_PATH = /^\/v1\/(?:locks|elections)\//;
const FOREIGN_DOOR_PATH = /^\/+v(?:2|3|3beta|3alpha)\//;

/** `authority` may contain user information, which no URL of a gateway has (RFC 9110 section 4.2.4). */
const ABSOLUTE_TARGET = /^(?<scheme>https?):\/\/(?<authority>[^/?#]+)(?<rest>.*)$/i;

/**
 * Turns an absolute-form target into its path, and its authority into the Host, which it replaces (RFC 9112 section 3.2.2). The checks of the
 * Host follow. Leaves all that the server does not accept to `checkTarget`. Call it before anything reads the request.
 */
export function acceptAbsoluteTarget(req: IncomingMessage, scheme: 'http' | 'https'): void {
  const { url = '' } = req;
  if (url.startsWith('/')) return;
  const { scheme: named, authority, rest = '' } = ABSOLUTE_TARGET.exec(url)?.groups ?? {};
  if (authority === undefined || authority.includes('@')) return;
  if (named?.toLowerCase() !== scheme) return;
  req.url = rest.startsWith('/') ? rest : `/${rest}`;
  req.headers.host = authority;
}

/** Returns the path of the request target. Throws `invalid-request` for a target that is neither a path nor an accepted absolute form. */
export function checkTarget(target: string): string {
  if (target.startsWith('/')) return target.split('?', 1)[0] ?? target;
  const { authority } = ABSOLUTE_TARGET.exec(target)?.groups ?? {};
  if (authority === undefined) {
    throw new GatewayError('invalid-request', {
      detail: 'the request target does not begin with a slash',
      hint: 'send the path alone',
    });
  }
  throw new GatewayError('invalid-request', {
    detail: authority.includes('@')
      ? 'the request target contains user information'
      : 'the request target has another scheme than this server',
    hint: 'send the path alone; this server is not a forward proxy',
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
