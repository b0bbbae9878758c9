// What a caller shows of himself: the Authorization header, taken apart. Believes nothing of it. Knows no way to authenticate.
import { GatewayError } from '../../core/errors.js';

/** `token` is what stands alone or behind `Bearer`. */
export type Credentials =
  | { readonly kind: 'basic'; readonly name: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

/** More is no password and no token. Node bounds the header itself. */
const CREDENTIAL_CHARACTERS_MAX = 4_096;

/** `undefined` for no header. Throws `unauthenticated` for one that is of no use; `schemes` are those that would be. */
export function parseCredentials(header: string | undefined): Credentials | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  if (text.length > CREDENTIAL_CHARACTERS_MAX) throw useless('it is too long');
  const [, scheme = '', rest] = /^(\S+)(?:[ \t]+(.*))?$/s.exec(text) ?? [];
  if (rest === undefined) return { kind: 'token', token: scheme };
  switch (scheme.toLowerCase()) {
    case 'basic':
      return parseBasic(rest);
    case 'bearer':
      if (/^\S+$/.test(rest)) return { kind: 'token', token: rest };
      throw useless('there is more than a token behind Bearer');
    default:
      throw useless(`${JSON.stringify(scheme)} is no scheme that is known here`);
  }
}

/** RFC 7617, always in UTF-8. */
function parseBasic(encoded: string): Credentials {
  const bytes = Buffer.from(encoded, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded);
  const text = isBase64 ? decoded(bytes) : undefined;
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) throw useless('Basic wants base64 of NAME:PASSWORD');
  return { kind: 'basic', name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Never repeats what was sent. */
function useless(why: string): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: `the Authorization header is of no use: ${why}`,
    hint: 'send Authorization: Basic with base64 of NAME:PASSWORD, or Authorization: Bearer with a token',
  });
}
