// The request target: its path, and the absolute form with a scheme and an authority.
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../core/errors.js';

/** `authority` may contain user information, which an http URL must not have (RFC 9110 section 4.2.4). */
const ABSOLUTE_FORM = /^(?<scheme>https?):\/\/(?<authority>[^/?#]+)(?<rest>.*)$/i;

/** Returns a target without its query, exactly as the client wrote it: not decoded, normalized or lower-cased. */
export function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}

/** Returns the query of a target without its `?`, not decoded: Express' own parser corrupts bad input silently. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? '' : target.slice(mark + 1);
}

/**
 * Replaces an absolute-form target by its path, and the Host by its authority (RFC 9112 section 3.2.2). The checks of the Host come later.
 * Leaves targets that the server does not accept to `checkTarget`. Call it before other code reads the request.
 */
export function acceptAbsoluteForm(req: IncomingMessage, serverScheme: 'http' | 'https'): void {
  const { url = '' } = req;
  if (url.startsWith('/')) return;
  const { scheme, authority, rest = '' } = ABSOLUTE_FORM.exec(url)?.groups ?? {};
  if (authority === undefined || authority.includes('@')) return;
  if (scheme?.toLowerCase() !== serverScheme) return;
  req.url = rest.startsWith('/') ? rest : `/${rest}`;
  req.headers.host = authority;
}

/** Throws `invalid-request` for a target that is neither a path nor an accepted absolute form. */
export function checkTarget(target: string): void {
  if (target.startsWith('/')) return;
  const { authority } = ABSOLUTE_FORM.exec(target)?.groups ?? {};
  if (authority === undefined) {
    throw new GatewayError('invalid-request', {
      detail: 'the request target does not begin with a slash',
      hint: 'send the path alone',
    });
  }
  throw new GatewayError('invalid-request', {
    detail: authority.includes('@')
      ? 'the request target contains user information'
      : 'the request target has a different scheme than this server',
    hint: 'send the path alone; this server is not a forward proxy',
  });
}
