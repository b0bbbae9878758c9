// Where the nodes of the v2 tree live among etcd's keys. A path is `` for the root, else `/a/b`, without a slash at its end; one character
// stands for one byte, since names need not be UTF-8. The file /a/b is the key `/a/b`; a directory is known by a marker below it. Pure.
import { prefixEnd } from '../../../etcd/range.js';
import type { Span } from '../../../etcd/wire.js';
import { PRIVATE_PREFIX } from '../../reserved.js';
import { textOfBytes } from './utf8.js';

/** Begins the names of the keys of ours below a directory; sorts before every name that people type. */
const OURS = PRIVATE_PREFIX;
const MARKER = `${OURS}dir`;
const ENDING = `${OURS}ends`;

/** Keeps bytes as they are: `latin1` maps each to the character of the same number. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The text that people see. */
export function textOf(path: string): string {
  return textOfBytes(bytesOf(path));
}

/** Takes any slashes before, behind and between the names. */
export function parsePath(text: string): string {
  return text
    .split('/')
    .filter((name) => name !== '')
    .map((name) => `/${name}`)
    .join('');
}

/** Hidden nodes answer when they are asked for, and are not listed. */
export function isHiddenName(name: string): boolean {
  return name.startsWith('_');
}

/** Returns how many names a path has, without building any of them. */
export function countNames(path: string): number {
  let count = 0;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) count++;
  return count;
}

/**
 * From the topmost one below the root to the parent of `path`: `/a`, `/a/b` of `/a/b/c`. The sum of their lengths grows with the square
 * of the number of names: callers limit that number first.
 */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = [];
  for (let slash = path.indexOf('/', 1); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    ancestors.push(path.slice(0, slash));
  }
  return ancestors;
}

export function fileKey(path: string): Buffer {
  return bytesOf(path);
}

/**
 * The file, the directory, and between them the siblings whose names go on behind it with a character below the slash (`/a-b`): in
 * etcd's order there is no smaller range that holds both.
 */
export function reachOf(path: string): Span {
  const inside = insideOf(path);
  return path === '' ? inside : { key: fileKey(path), rangeEnd: inside.rangeEnd };
}

/** Every key below a directory. Not those of a sibling whose name begins alike. */
export function insideOf(path: string): Span {
  const key = bytesOf(`${path}/`);
  return { key, rangeEnd: prefixEnd(key) };
}

/** Says that there is a directory; hangs on a lease when the directory has a ttl. */
export function markerKey(path: string): Buffer {
  return bytesOf(`${path}/${MARKER}`);
}

/** Says that the directory ends with its marker: where it stands alone, the directory is over, with all that is below. */
export function endingKey(path: string): Buffer {
  return bytesOf(`${path}/${ENDING}`);
}

/** The two keys of ours below a directory. */
export function oursOf(path: string): Span {
  const key = bytesOf(`${path}/${OURS}`);
  return { key, rangeEnd: prefixEnd(key) };
}

/** Whether `path` lies below the directory. */
export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

const OURS_BELOW = bytesOf(`/${OURS}`);

/** Of which directory a marker is one. */
export function directoryOfMarker(key: Buffer): string {
  return key.subarray(0, key.indexOf(OURS_BELOW)).toString('latin1');
}

/** Names that a v2 path cannot have: the keys of other doors with such names are not in the tree. */
export function isUnnameable(name: string): boolean {
  return name === '' || name === '.' || name === '..';
}
