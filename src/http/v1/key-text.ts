// Keys as text, both ways: UTF-8 as it is, anything else as base64url.
import { isUtf8 } from 'node:buffer';
import { GatewayError, invalidRequest } from '../../core/errors.js';

export type KeyEncoding = 'base64url' | undefined;

const NOT_BASE64URL = /[^A-Za-z0-9_-]/;
/** Padding of a group of four characters. */
const PADDING_MAX = 2;

/** The bytes that a caller's text stands for; `field` is what he called it. Throws `invalid-request`. */
export function parseKeyText(text: string, encoding: KeyEncoding, field: string): Buffer {
  if (encoding === undefined) return Buffer.from(text, 'utf8');
  const unpadded = withoutPadding(text);
  if (NOT_BASE64URL.test(unpadded) || unpadded.length % 4 === 1) {
    throw invalidRequest(field, `${field} is not base64url, which keyEncoding=base64url promises`);
  }
  return Buffer.from(unpadded, 'base64url');
}

/** Not `/=+$/`, whose time grows with the square of the length of a text full of `=`. */
function withoutPadding(text: string): string {
  let end = text.length;
  while (text.length - end < PADDING_MAX && text[end - 1] === '=') end--;
  return text.slice(0, end);
}

/** A key that etcd can have: not empty. */
export function parseKey(text: string, encoding: KeyEncoding): Buffer {
  const key = parseKeyText(text, encoding, 'key');
  if (key.length === 0) throw invalidRequest('key', 'the key must not be empty');
  return key;
}

export interface KeyText {
  readonly key: string;
  readonly keyEncoding?: 'base64url';
}

/** In the encoding that was asked for; in base64url unasked when the key is no UTF-8. */
export function toKeyText(key: Buffer, encoding: KeyEncoding): KeyText {
  if (encoding === undefined && isUtf8(key)) return { key: key.toString('utf8') };
  return { key: key.toString('base64url'), keyEncoding: 'base64url' };
}

export function keyNotFound(key: Buffer, encoding: KeyEncoding): GatewayError {
  return new GatewayError('key-not-found', {
    detail: `there is no key ${JSON.stringify(toKeyText(key, encoding).key)}`,
  });
}
