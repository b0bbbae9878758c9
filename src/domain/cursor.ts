// Encodes and decodes the opaque `next` of a list: the start of the next page, and the revision that all pages are pinned to.
import { invalidRequest } from '../core/errors.js';
import type { Span } from '../etcd/wire.js';

export type PageOrder = 'asc' | 'desc';

export interface Cursor {
  /** The range of the whole list, so that the cursor alone identifies the list. */
  readonly range: Span;
  /** The first key of the next page; in descending order, the exclusive end of the next page. */
  readonly from: Buffer;
  readonly revision: number;
  /** The number of keys in the range at that revision. */
  readonly count: number;
  readonly order: PageOrder;
  /** In a list of one level: the length of the prefix above the level. */
  readonly levelBase: number | undefined;
}

const VERSION = 2;
const NO_LEVEL = -1;

type PlainCursor = Omit<Cursor, 'order' | 'levelBase'>;

/** Ascending and of all levels by default. */
export function encodeCursor(cursor: PlainCursor & Partial<Cursor>): string {
  const { range, from, revision, count, order = 'asc', levelBase = NO_LEVEL } = cursor;
  const bounds = [text(range.key), text(range.rangeEnd), text(from)];
  const parts = [VERSION, ...bounds, revision, count, order, levelBase];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws `invalid-request` for text that `encodeCursor` did not return. */
export function decodeCursor(cursor: string): Cursor {
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length !== 8 || parts[0] !== VERSION) throw notACursor();
  const [, key, rangeEnd, from, revision, count, order, levelBase] = parts as unknown[];
  if (order !== 'asc' && order !== 'desc') throw notACursor();
  return {
    range: { key: bytes(key), rangeEnd: bytes(rangeEnd) },
    from: bytes(from),
    revision: integerFrom(1, revision),
    count: integerFrom(1, count),
    order,
    levelBase: levelBase === NO_LEVEL ? undefined : integerFrom(0, levelBase),
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

function integerFrom(min: number, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) throw notACursor();
  return value;
}

function notACursor(): Error {
  return invalidRequest(
    'next',
    'next is not a cursor of this gateway',
    'pass next from the previous page unchanged',
  );
}
