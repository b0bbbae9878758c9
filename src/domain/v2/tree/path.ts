// The mapping between paths of the v2 tree and keys of etcd v3. A path is empty for the root, else `/a/b` without a trailing slash. Each
// character is one byte, because names need not be UTF-8. The file /a/b is the key `/a/b`; a directory has a marker key below it. Pure.
import { prefixEnd } from '../../../etcd/range.js';
import type { Span } from '../../../etcd/wire.js';
import { PRIVATE_PREFIX } from '../../reserved.js';
import { decodeUtf8 } from './utf8.js';

// The names of internal keys begin with PRIVATE_PREFIX, which sorts before every name that people type. The names are stored in etcd.
const MARKER = `${PRIVATE_PREFIX}dir`;
const EXPIRY_RECORD = `${PRIVATE_PREFIX}ends`;

/** Keeps bytes unchanged: `latin1` maps each byte to the character with the same number. */
export function latin1Bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Returns the path as text for responses. */
export function displayPath(path: string): string {
  return decodeUtf8(latin1Bytes(path));
}

/** Accepts any number of slashes around the names. */
export function parsePath(text: string): string {
  return text
    .split('/')
    .filter((name) => name !== '')
    .map((name) => `/${name}`)
    .join('');
}

/** Hidden nodes are readable by their path and left out of listings. */
export function isHiddenName(name: string): boolean {
  return name.startsWith('_');
}

/** Returns the number of names in a path without creating a string for each. */
export function countNames(path: string): number {
  let count = 0;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) count++;
  return count;
}

/**
 * Returns the directories above `path`, topmost first, without the root: `/a` and `/a/b` for `/a/b/c`. The sum of their lengths grows
 * with the square of the number of names. Callers limit that number first.
 */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = [];
  for (let slash = path.indexOf('/', 1); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    ancestors.push(path.slice(0, slash));
  }
  return ancestors;
}

export function fileKey(path: string): Buffer {
  return latin1Bytes(path);
}

/**
 * Returns the smallest range with the file and everything below the directory. Between them are siblings whose name continues with a
 * character that sorts before the slash (`/a-b`).
 */
export function nodeRange(path: string): Span {
  const inside = rangeBelow(path);
  return path === '' ? inside : { key: fileKey(path), rangeEnd: inside.rangeEnd };
}

/** Returns the range of the keys below a directory, without siblings whose name has the same beginning. */
export function rangeBelow(path: string): Span {
  const key = latin1Bytes(`${path}/`);
  return { key, rangeEnd: prefixEnd(key) };
}

/** The marker exists as long as the directory. It is attached to a lease if the directory has a ttl. */
export function markerKey(path: string): Buffer {
  return latin1Bytes(`${path}/${MARKER}`);
}

/** This key means that the directory has a ttl. Without a marker next to it, the directory has expired with everything below it. */
export function expiryRecordKey(path: string): Buffer {
  return latin1Bytes(`${path}/${EXPIRY_RECORD}`);
}

/** Returns the range of the two internal keys below a directory. */
export function internalRange(path: string): Span {
  const key = latin1Bytes(`${path}/${PRIVATE_PREFIX}`);
  return { key, rangeEnd: prefixEnd(key) };
}

export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

const INTERNAL_KEY_SEPARATOR = latin1Bytes(`/${PRIVATE_PREFIX}`);

/** Returns the directory that an internal key belongs to. */
export function directoryOfInternalKey(key: Buffer): string {
  return key.subarray(0, key.indexOf(INTERNAL_KEY_SEPARATOR)).toString('latin1');
}

/** Returns whether no v2 path can have this name. Keys with such names, written through other APIs, are not part of the tree. */
export function isInvalidName(name: string): boolean {
  return name === '' || name === '.' || name === '..';
}
