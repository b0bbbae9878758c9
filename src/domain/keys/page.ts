// The request for a page of a list, the page itself, and the cursor between two pages.
import { invalidRequest } from '../../core/errors.js';
import type { KeyRange, KeyValue, Span } from '../../etcd/wire.js';
import { decodeCursor } from '../cursor.js';
import type { PageOrder } from '../cursor.js';

/** Bytes of keys and values after which a page ends early. */
export const PAGE_BYTES_MAX = 4 * 1024 * 1024;

export type SortBy = 'key' | 'create' | 'mod' | 'version';

export interface PageRequest {
  readonly range: Span;
  /** Maximum keys in this page, at least 1; common prefixes count as keys. */
  readonly limit: number;
  /** The `next` of the previous page. */
  readonly next?: string | undefined;
  /** By key by default. Any other order has a single page. */
  readonly sort?: SortBy | undefined;
  /** Ascending by default. */
  readonly order?: PageOrder | undefined;
  /** Lists one level only: the number of bytes of the prefix above it. */
  readonly levelBase?: number | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly revision?: number | undefined;
  readonly serializable?: boolean | undefined;
}

/** Query parameters of `GET /v1/kv` that exports reject, because exports have no pages. */
export const PAGE_OPTIONS = ['limit', 'next', 'countOnly', 'sort', 'order', 'delimiter'] as const;

export interface Page {
  readonly items: readonly KeyValue[];
  /** In a list of one level: the common prefixes, with their slash, of all deeper keys. */
  readonly prefixes?: readonly Buffer[];
  /** Keys in the whole range at `revision`. */
  readonly count: number;
  readonly revision: number;
  readonly next: string | undefined;
}

/** The start of a page: the beginning of its list, or the position of a cursor. */
export interface PageStart {
  /** The range of the whole list. */
  readonly range: Span;
  /** The part of the range that was not listed yet. */
  readonly rest: Span;
  readonly revision: number | undefined;
  readonly count: number | undefined;
  readonly order: PageOrder;
  readonly levelBase: number | undefined;
}

/** Throws `invalid-request` for a cursor of another list. */
export function startOf(request: PageRequest): PageStart {
  const { range, next, sort, order, levelBase, revision } = request;
  if (next === undefined) {
    const first = { range, rest: range, revision, count: undefined, levelBase };
    return { ...first, order: order ?? 'asc' };
  }
  const cursor = decodeCursor(next);
  const isOtherList =
    (sort ?? 'key') !== 'key' ||
    (order ?? cursor.order) !== cursor.order ||
    (levelBase ?? cursor.levelBase) !== cursor.levelBase;
  if (isOtherList) {
    throw invalidRequest(
      'next',
      'next belongs to a list with another order or delimiter',
      'keep the parameters of the first page',
    );
  }
  const { key, rangeEnd } = cursor.range;
  const rest =
    cursor.order === 'asc' ? { key: cursor.from, rangeEnd } : { key, rangeEnd: cursor.from };
  return { ...cursor, rest };
}

/** Returns the options that all reads of a page share. */
export function readOptionsOf(request: Omit<PageRequest, 'limit' | 'range'>): {
  keysOnly: boolean | undefined;
  serializable: boolean | undefined;
} {
  return { keysOnly: request.keysOnly, serializable: request.serializable };
}

/** Excludes the keys that `/v1` never shows. */
export interface ReadableRanges {
  readonly reserved: { readable(range: KeyRange): KeyRange[] };
}
