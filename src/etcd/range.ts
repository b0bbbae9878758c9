// Range arithmetic over byte keys. Pure.
import type { KeyRange, Span } from './wire.js';

const NUL = Buffer.from([0]);

/** Returns the range of all keys that begin with `prefix`; an empty prefix means the whole keyspace. */
export function prefixRange(prefix: Buffer): Span {
  if (prefix.length === 0) return { key: NUL, rangeEnd: NUL };
  return { key: prefix, rangeEnd: prefixEnd(prefix) };
}

/**
 * Returns the first key after every key with this prefix: the last byte that is not 0xff is incremented, and the bytes after it are
 * removed. A prefix of only 0xff has no such key. Its range ends at the end of the keyspace, which etcd writes as one NUL byte.
 */
export function prefixEnd(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return NUL;
  const end = Buffer.from(prefix.subarray(0, length));
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}

/** Returns the range [start, end); without `end`, to the end of the keyspace. */
export function spanRange(start: Buffer, end?: Buffer): Span {
  return { key: start.length === 0 ? NUL : start, rangeEnd: end ?? NUL };
}

function isToEnd(rangeEnd: Buffer | undefined): boolean {
  return rangeEnd?.length === 1 && rangeEnd[0] === 0;
}

/** Returns whether a range extends to the end of the keyspace. */
export function isOpenEnded({ rangeEnd }: KeyRange): boolean {
  return isToEnd(rangeEnd);
}

/** Returns the key directly after `key`: no other key is between them. */
export function nextKey(key: Buffer): Buffer {
  return Buffer.concat([key, NUL]);
}

export function containsKey(range: KeyRange, key: Buffer): boolean {
  if (range.rangeEnd === undefined) return range.key.equals(key);
  return (
    range.key.compare(key) <= 0 && (isToEnd(range.rangeEnd) || key.compare(range.rangeEnd) < 0)
  );
}

/** Returns whether `outer` contains every key of `inner`. */
export function containsRange(outer: KeyRange, inner: KeyRange): boolean {
  if (!containsKey(outer, inner.key)) return false;
  if (inner.rangeEnd === undefined || isToEnd(outer.rangeEnd)) return true;
  return (
    outer.rangeEnd !== undefined &&
    !isToEnd(inner.rangeEnd) &&
    inner.rangeEnd.compare(outer.rangeEnd) <= 0
  );
}

/** Returns the parts of `range` outside all `holes`, in key order. A hole must be a range, never a single key. */
export function subtractRanges(range: KeyRange, holes: readonly KeyRange[]): KeyRange[] {
  if (range.rangeEnd === undefined) {
    return holes.some((hole) => containsKey(hole, range.key)) ? [] : [range];
  }
  let rest: KeyRange[] = [range];
  for (const hole of holes) rest = rest.flatMap((piece) => cutHole(piece, hole));
  return rest;
}

function cutHole(piece: KeyRange, hole: KeyRange): KeyRange[] {
  const pieceEnd = piece.rangeEnd ?? nextKey(piece.key);
  const holeEnd = hole.rangeEnd ?? nextKey(hole.key);
  const isBefore = !isToEnd(pieceEnd) && pieceEnd.compare(hole.key) <= 0;
  const isBehind = !isToEnd(holeEnd) && holeEnd.compare(piece.key) <= 0;
  if (isBefore || isBehind) return [piece];
  const left = piece.key.compare(hole.key) < 0 ? [{ key: piece.key, rangeEnd: hole.key }] : [];
  const hasRight = !isToEnd(holeEnd) && (isToEnd(pieceEnd) || holeEnd.compare(pieceEnd) < 0);
  return hasRight ? [...left, { key: holeEnd, rangeEnd: pieceEnd }] : left;
}

/** Returns a string that is the same only for equal ranges. */
export function rangeKey({ key, rangeEnd }: KeyRange): string {
  return `${key.toString('base64')} ${rangeEnd?.toString('base64') ?? ''}`;
}
