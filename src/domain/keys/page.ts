// What a list asks and what a page of it holds. Types, and the cursor between two pages.
import { invalidRequest } from '../../core/errors.js';
import type { KeyRange, KeyValue, Span } from '../../etcd/wire.js';
import { decodeCursor } from '../cursor.js';
import type { PageOrder } from '../cursor.js';

/** A page ends early above this many bytes of keys and values. */
export const PAGE_BYTES_MAX = 4 * 1024 * 1024;

export type SortBy = 'key' | 'create' | 'mod' | 'version';

export interface PageRequest {
  readonly range: Span;
  /** Keys in this page, at least 1; common prefixes count as keys. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly next?: string | undefined;
  /** By key unless said otherwise. By anything else there is one page. */
  readonly sort?: SortBy | undefined;
  /** Ascending unless said otherwise. */
  readonly order?: PageOrder | undefined;
  /** List one level only: the prefix below which it lies has so many bytes. */
  readonly levelBase?: number | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly revision?: number | undefined;
  readonly serializable?: boolean | undefined;
}

/** Query parameters of `GET /v1/kv` that exports, which are not divided into pages, reject. */
export const PAGE_OPTIONS = ['limit', 'next', 'countOnly', 'sort', 'order', 'delimiter'] as const;

export interface Page {
  readonly items: readonly KeyValue[];
  /** Of a list of one level: the beginnings, slash included, that stand for all keys below them. */
  readonly prefixes?: readonly Buffer[];
  /** Keys in the whole range at `revision`, whatever the page holds. */
  readonly count: number;
  readonly revision: number;
  readonly next: string | undefined;
}

/** Where a page begins: at the beginning of its list, or where a cursor says. */
export interface PageStart {
  /** Of the whole list. */
  readonly range: Span;
  /** What is left of it. */
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
  const isOther =
    (sort ?? 'key') !== 'key' ||
    (order ?? cursor.order) !== cursor.order ||
    (levelBase ?? cursor.levelBase) !== cursor.levelBase;
  if (isOther) {
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

/** Options that all reads of a page share. */
export function readOptionsOf(request: Omit<PageRequest, 'limit' | 'range'>): {
  keysOnly: boolean | undefined;
  serializable: boolean | undefined;
} {
  return { keysOnly: request.keysOnly, serializable: request.serializable };
}

/** What a page needs to know of the keys that `/v1` never shows. */
export interface Readable {
  readonly reserved: { readable(range: KeyRange): KeyRange[] };
}
