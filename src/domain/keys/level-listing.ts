// Lists one level of a tree of keys: the keys directly below a prefix, and for deeper keys their common prefix up to the next slash.
// Each common prefix is skipped as a whole, so the upstream reads grow with the width of the level, not with the keys below it.
import type { Caller } from '../../core/caller.js';
import { containsKey, nextKey, prefixEnd } from '../../etcd/range.js';
import type { KeyValue, Span } from '../../etcd/wire.js';
import { encodeCursor } from '../cursor.js';
import { PAGE_BYTES_MAX, readOptionsOf } from './page.js';
import type { Page, PageRequest, PageStart, ReadableRanges } from './page.js';
import { readChunk, readValues } from './range-chunks.js';
import type { Chunk, ChunkDeps } from './range-chunks.js';

const SLASH = 0x2f;
/** Keys per read while one common prefix may cover all keys that the read finds. */
const PROBE_KEYS = 16;
const PROBE_KEYS_MAX = 512;

/** A key without its value, or a common prefix with its first key. `after` is the first key that can begin the next entry. */
export type LevelEntry =
  | { readonly kind: 'item'; readonly head: KeyValue; readonly after: Buffer }
  | {
      readonly kind: 'prefix';
      readonly prefix: Buffer;
      readonly head: KeyValue;
      readonly after: Buffer;
    };

interface Level {
  readonly entries: readonly LevelEntry[];
  readonly revision: number;
  readonly count: number;
}

/** Returns a page of one level. `levelBase` is the length of the prefix above the level. Throws what `listKeys` throws. */
export async function listLevel(
  caller: Caller,
  deps: ChunkDeps & ReadableRanges,
  request: PageRequest,
  start: PageStart & { readonly levelBase: number },
): Promise<Page> {
  const { limit } = request;
  const level = await walkLevel(caller, deps, request, start);
  const { revision, count } = level;
  const wanted = level.entries.slice(0, limit);
  const values = await valuesOf(caller, deps, request, revision, wanted);
  const entries = entriesWithValues(wanted, values.length);
  const last = entries.at(-1);
  const isEnd = entries.length === level.entries.length;
  const { range, order, levelBase } = start;
  return {
    items: values,
    prefixes: entries.flatMap((entry) => (entry.kind === 'prefix' ? [entry.prefix] : [])),
    count,
    revision,
    next:
      isEnd || last === undefined
        ? undefined
        : encodeCursor({ range, from: last.after, revision, count, order, levelBase }),
  };
}

/** Returns at least one entry more than the page holds, if the level has it. */
export async function walkLevel(
  caller: Caller,
  deps: ChunkDeps & ReadableRanges,
  request: Omit<PageRequest, 'range'>,
  start: Pick<PageStart, 'rest' | 'revision' | 'count'> & { readonly levelBase: number },
): Promise<Level> {
  let { revision, count } = start;
  let rest: Span = start.rest;
  let limit = PROBE_KEYS;
  const entries: LevelEntry[] = [];
  for (;;) {
    const chunk: Chunk = await readChunk(caller, deps, deps.reserved.readable(rest), {
      ...readOptionsOf(request),
      keysOnly: true,
      limit,
      revision,
    });
    revision ??= chunk.revision;
    count ??= chunk.count;
    const found = foldLevel(chunk.kvs, start.levelBase);
    entries.push(...found);
    const after = found.at(-1)?.after;
    const isEnd = !chunk.more || after === undefined || !containsKey(rest, after);
    if (isEnd || entries.length > request.limit) return { entries, revision, count };
    rest = { key: after, rangeEnd: rest.rangeEnd };
    // A single common prefix: the next one may cover as many keys. Several entries: the level is wide.
    limit = found.length > 1 ? Math.min(limit * 2, PROBE_KEYS_MAX) : PROBE_KEYS;
  }
}

function foldLevel(kvs: readonly KeyValue[], levelBase: number): LevelEntry[] {
  const entries: LevelEntry[] = [];
  let after: Buffer | undefined;
  for (const head of kvs) {
    const { key } = head;
    if (after !== undefined && key.compare(after) < 0) continue;
    const slash = key.indexOf(SLASH, levelBase);
    if (slash < 0) {
      after = nextKey(key);
      entries.push({ kind: 'item', head, after });
    } else {
      const prefix = key.subarray(0, slash + 1);
      after = prefixEnd(prefix);
      entries.push({ kind: 'prefix', prefix, head, after });
    }
  }
  return entries;
}

async function valuesOf(
  caller: Caller,
  deps: ChunkDeps,
  request: PageRequest,
  revision: number,
  entries: readonly LevelEntry[],
): Promise<readonly KeyValue[]> {
  const heads = entries.flatMap((entry) => (entry.kind === 'item' ? [entry.head] : []));
  if (request.keysOnly === true || heads.length === 0) return heads;
  return readValues(caller, deps, heads, { ...readOptionsOf(request), revision }, PAGE_BYTES_MAX);
}

/** Returns the entries before the first key whose value did not fit into the page. */
function entriesWithValues(
  entries: readonly LevelEntry[],
  readCount: number,
): readonly LevelEntry[] {
  let items = 0;
  const end = entries.findIndex((entry) => entry.kind === 'item' && ++items > readCount);
  return end < 0 ? entries : entries.slice(0, end);
}
