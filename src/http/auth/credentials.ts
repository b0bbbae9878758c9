// Parses the Authorization header into credentials. Verifies nothing, and does not depend on the mode of authentication.
import { GatewayError } from '../../core/errors.js';

/** `token`: a token after `Bearer`, or without a scheme as etcd's clients send it. */
export type Credentials =
  | { readonly kind: 'basic'; readonly name: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

/** Longer values are neither a password nor a token. Node limits the header itself. */
const CREDENTIAL_CHARACTERS_MAX = 4_096;

/** Returns `undefined` without a header. Throws `unauthenticated` for an invalid one. */
export function parseCredentials(header: string | undefined): Credentials | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  if (text.length > CREDENTIAL_CHARACTERS_MAX)
    throw invalidHeader(`it is longer than ${CREDENTIAL_CHARACTERS_MAX} characters`);
  const [, scheme = '', rest] = /^(\S+)(?:[ \t]+(.*))?$/s.exec(text) ?? [];
  if (rest === undefined) return { kind: 'token', token: scheme };
  switch (scheme.toLowerCase()) {
    case 'basic':
      return parseBasic(rest);
    case 'bearer':
      if (/^\S+$/.test(rest)) return { kind: 'token', token: rest };
      throw invalidHeader('more than one token follows Bearer');
    default:
      throw invalidHeader(`the scheme ${JSON.stringify(scheme)} is not supported`);
  }
}

/** RFC 7617, always in UTF-8. */
function parseBasic(encoded: string): Credentials {
  const bytes = Buffer.from(encoded, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded);
  const text = isBase64 ? decoded(bytes) : undefined;
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0)
    throw invalidHeader('Basic requires base64 of NAME:PASSWORD');
  return { kind: 'basic', name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The error never contains the value of the header, except for the scheme. */
function invalidHeader(reason: string): GatewayError {
  return new GatewayError('unauthenticated', {
    detail: `the Authorization header is invalid: ${reason}`,
    hint: 'send Authorization: Basic with base64 of NAME:PASSWORD, or Authorization: Bearer with a token',
  });
}
