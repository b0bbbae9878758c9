// Converts keys between bytes and text: UTF-8 as it is, other bytes as base64url.
import { isUtf8 } from 'node:buffer';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { Schema } from '../contract/operation-types.js';

export type KeyEncoding = Schema<'KeyEncoding'> | undefined;

const NOT_BASE64URL = /[^A-Za-z0-9_-]/;
/** Padding characters in a group of four. */
const PADDING_MAX = 2;

/** Returns the bytes of a key in a request; `field` is its name there. Throws `invalid-request`. */
export function parseKeyText(text: string, encoding: KeyEncoding, field: string): Buffer {
  if (encoding === undefined) return Buffer.from(text, 'utf8');
  const unpadded = withoutPadding(text);
  if (NOT_BASE64URL.test(unpadded) || unpadded.length % 4 === 1) {
    throw invalidRequest(field, `${field} is not base64url, but keyEncoding is base64url`);
  }
  return Buffer.from(unpadded, 'base64url');
}

/** Does not use `/=+$/`, whose time grows with the square of the number of `=`. */
function withoutPadding(text: string): string {
  let end = text.length;
  while (text.length - end < PADDING_MAX && text[end - 1] === '=') end--;
  return text.slice(0, end);
}

/** Returns the bytes of a key, which etcd does not allow to be empty. Throws `invalid-request`. */
export function parseKey(text: string, encoding: KeyEncoding, field = 'key'): Buffer {
  const key = parseKeyText(text, encoding, field);
  if (key.length === 0) throw invalidRequest(field, 'the key must not be empty');
  return key;
}

/** Uses the requested encoding; without one, base64url for keys that are not UTF-8. */
export function toKeyText(
  key: Buffer,
  encoding: KeyEncoding,
): Pick<Schema<'Entry'>, 'key' | 'keyEncoding'> {
  if (encoding === undefined && isUtf8(key)) return { key: key.toString('utf8') };
  return { key: key.toString('base64url'), keyEncoding: 'base64url' };
}

export function keyNotFound(key: Buffer, encoding: KeyEncoding): GatewayError {
  return new GatewayError('key-not-found', {
    detail: `key ${JSON.stringify(toKeyText(key, encoding).key)} does not exist`,
  });
}
