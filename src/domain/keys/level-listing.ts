// One level of a tree of keys: what lies directly below a prefix, and for everything deeper its beginning up to the next slash. Such a
// beginning is skipped as a whole, so that a level costs upstream reads by its width and not by the keys below it.
import type { Caller } from '../../core/caller.js';
import { containsKey, nextKey, prefixEnd } from '../../etcd/range.js';
import type { KeyValue, Span } from '../../etcd/wire.js';
import { encodeCursor } from '../cursor.js';
import { PAGE_BYTES_MAX, readOptionsOf } from './page.js';
import type { Page, PageRequest, PageStart, Readable } from './page.js';
import { readChunk, readValues } from './range-chunks.js';
import type { Chunk, ChunkDeps } from './range-chunks.js';

const SLASH = 0x2f;
/** What a read asks for where the next beginning may stand for all that it finds. */
const PROBE_KEYS = 16;
const PROBE_KEYS_MAX = 512;

/** A key without its value, or the beginning of keys with the first of them; `behind` is where the level goes on. */
export type LevelEntry =
  | { readonly kind: 'item'; readonly head: KeyValue; readonly behind: Buffer }
  | {
      readonly kind: 'prefix';
      readonly prefix: Buffer;
      readonly head: KeyValue;
      readonly behind: Buffer;
    };

interface Level {
  readonly entries: readonly LevelEntry[];
  readonly revision: number;
  readonly count: number;
}

/** The page of one level: `levelBase` says where it lies. Throws what `listKeys` throws. */
export async function listLevel(
  caller: Caller,
  deps: ChunkDeps & Readable,
  request: PageRequest,
  start: PageStart & { readonly levelBase: number },
): Promise<Page> {
  const { limit } = request;
  const level = await walkLevel(caller, deps, request, start);
  const { revision, count } = level;
  const wanted = level.entries.slice(0, limit);
  const values = await valuesOf(caller, deps, request, revision, wanted);
  const entries = untilUnread(wanted, values.length);
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
        : encodeCursor({ range, from: last.behind, revision, count, order, levelBase }),
  };
}

/** The entries of the page and one more, if there is one. */
export async function walkLevel(
  caller: Caller,
  deps: ChunkDeps & Readable,
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
    const behind = found.at(-1)?.behind;
    const isEnd = !chunk.more || behind === undefined || !containsKey(rest, behind);
    if (isEnd || entries.length > request.limit) return { entries, revision, count };
    rest = { key: behind, rangeEnd: rest.rangeEnd };
    // One beginning in all of it: the next may be as deep. Several: the level is wide.
    limit = found.length > 1 ? Math.min(limit * 2, PROBE_KEYS_MAX) : PROBE_KEYS;
  }
}

function foldLevel(kvs: readonly KeyValue[], levelBase: number): LevelEntry[] {
  const entries: LevelEntry[] = [];
  let behind: Buffer | undefined;
  for (const head of kvs) {
    const { key } = head;
    if (behind !== undefined && key.compare(behind) < 0) continue;
    const slash = key.indexOf(SLASH, levelBase);
    if (slash < 0) {
      behind = nextKey(key);
      entries.push({ kind: 'item', head, behind });
    } else {
      const prefix = key.subarray(0, slash + 1);
      behind = prefixEnd(prefix);
      entries.push({ kind: 'prefix', prefix, head, behind });
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

/** The entries up to the first key whose value did not fit into the page. */
function untilUnread(entries: readonly LevelEntry[], readCount: number): readonly LevelEntry[] {
  let items = 0;
  const end = entries.findIndex((entry) => entry.kind === 'item' && ++items > readCount);
  return end < 0 ? entries : entries.slice(0, end);
}
