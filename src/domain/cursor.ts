// The opaque `next` of a list: where the next page begins, and the revision to which all pages are pinned.
import { invalidRequest } from '../errors.js';
import type { Span } from '../etcd/wire.js';

export interface Cursor {
  /** The whole list's range, so that a cursor alone says what it goes on with. */
  readonly range: Span;
  /** The first key of the next page. */
  readonly from: Buffer;
  readonly revision: number;
  /** How many keys the range had at that revision. */
  readonly count: number;
}

const VERSION = 1;

export function encodeCursor(cursor: Cursor): string {
  const { range, from, revision, count } = cursor;
  const parts = [VERSION, text(range.key), text(range.rangeEnd), text(from), revision, count];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws `invalid-request` for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Cursor {
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length !== 6 || parts[0] !== VERSION) throw notACursor();
  const [, key, rangeEnd, from, revision, count] = parts as unknown[];
  return {
    range: { key: bytes(key), rangeEnd: bytes(rangeEnd) },
    from: bytes(from),
    revision: positiveInteger(revision),
    count: positiveInteger(count),
  };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw notACursor();
  }
}

function text(key: Buffer): string {
  return key.toString('base64url');
}

function bytes(value: unknown): Buffer {
  if (typeof value !== 'string' || value === '') throw notACursor();
  return Buffer.from(value, 'base64url');
}

function positiveInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) throw notACursor();
  return value;
}

function notACursor(): Error {
  return invalidRequest(
    'next',
    'next is not a cursor of this gateway',
    'pass the next of the page before, unchanged',
  );
}
