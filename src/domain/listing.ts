// Many keys: pages pinned to one revision, counts, and deletes that go around reserved keys.
import type { Caller } from '../caller.js';
import { invalidRequest } from '../errors.js';
import { nextKey } from '../etcd/range.js';
import type { KeyRange, KeyValue, RangeRequest, RangeResponse, Span } from '../etcd/wire.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { resolveGuard } from './guard.js';
import type { Guard } from './guard.js';
import type { KvDeps } from './kv.js';

/** A page ends early above this many bytes of keys and values. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;
/** What one upstream read asks for before the size of the entries is known: at 1.5 MiB each it stays below 50 MB. */
const CHUNK_KEYS_FIRST = 32;
const CHUNK_KEYS_MAX = 1_000;

export interface PageRequest {
  readonly range: Span;
  /** Keys in this page. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly next?: string | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly revision?: number | undefined;
  readonly serializable?: boolean | undefined;
}

export interface Page {
  readonly items: readonly KeyValue[];
  /** Keys in the whole range at `revision`, whatever the page holds. */
  readonly count: number;
  readonly revision: number;
  readonly next: string | undefined;
}

/** One page. Throws `revision-compacted` when the pages' revision is gone: a gap is never silent. */
export async function listKeys(caller: Caller, deps: KvDeps, request: PageRequest): Promise<Page> {
  const cursor = request.next === undefined ? undefined : decodeCursor(request.next);
  const range = cursor?.range ?? request.range;
  let pieces = deps.reserved.readable(
    cursor === undefined ? range : { key: cursor.from, rangeEnd: range.rangeEnd },
  );
  let revision = cursor?.revision ?? request.revision;
  let count = cursor?.count;
  let chunkKeys = request.keysOnly === true ? CHUNK_KEYS_MAX : CHUNK_KEYS_FIRST;
  const items: KeyValue[] = [];
  for (let bytes = 0; items.length < request.limit && bytes < PAGE_BYTES_MAX;) {
    const limit = Math.min(chunkKeys, request.limit - items.length);
    const chunk = await readChunk(caller, deps, pieces, {
      ...readOptions(request),
      limit,
      revision,
    });
    revision ??= chunk.revision;
    count ??= chunk.count;
    const kept = takeBytes(chunk.kvs, PAGE_BYTES_MAX - bytes);
    items.push(...kept);
    bytes += sizeOf(kept);
    const last = kept.at(-1);
    const isEnd = !chunk.more && kept.length === chunk.kvs.length;
    if (isEnd || last === undefined) return { items, count, revision, next: undefined };
    pieces = deps.reserved.readable({ key: nextKey(last.key), rangeEnd: range.rangeEnd });
    const averageBytes = Math.max(1, bytes / items.length);
    chunkKeys = Math.min(
      CHUNK_KEYS_MAX,
      Math.max(1, Math.floor((PAGE_BYTES_MAX - bytes) / averageBytes)),
    );
  }
  const from = pieces[0]?.key;
  if (revision === undefined || count === undefined || from === undefined) {
    throw invalidRequest('limit', 'limit must be at least 1');
  }
  return { items, count, revision, next: encodeCursor({ range, from, revision, count }) };
}

function sizeOf(kvs: readonly KeyValue[]): number {
  return kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length, 0);
}

/** The entries up to the one that goes past `budgetBytes`, which is still taken: a page is never empty. */
function takeBytes(kvs: readonly KeyValue[], budgetBytes: number): readonly KeyValue[] {
  let left = budgetBytes;
  const end = kvs.findIndex((kv) => (left -= kv.key.length + kv.value.length) <= 0);
  return end < 0 ? kvs : kvs.slice(0, end + 1);
}

export interface Count {
  readonly count: number;
  readonly revision: number;
}

export async function countKeys(
  caller: Caller,
  deps: KvDeps,
  request: Omit<PageRequest, 'limit' | 'next'>,
): Promise<Count> {
  const pieces = deps.reserved.readable(request.range);
  const { count, revision } = await readChunk(caller, deps, pieces, {
    ...readOptions(request),
    revision: request.revision,
    countOnly: true,
  });
  return { count, revision };
}

/** Deletes every key of the range but reserved ones, in one transaction. Throws `lock-lost` when the guard does not hold. */
export async function deleteKeys(
  caller: Caller,
  deps: KvDeps,
  range: Span,
  guardedBy?: Guard,
): Promise<{ deleted: number; revision: number }> {
  const pieces = deps.reserved.deletable(range);
  const guard = guardedBy && (await resolveGuard(caller, deps, guardedBy));
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1 && guard === undefined) {
    const { deleted, header } = await deps.etcd.deleteRange(caller, only);
    return { deleted, revision: header.revision };
  }
  const answer = await deps.etcd.txn(caller, {
    compare: guard === undefined ? [] : [guard.compare],
    success: pieces.map((deleteRange) => ({ kind: 'deleteRange', deleteRange })),
    failure: [],
  });
  if (guard !== undefined && !answer.succeeded) throw guard.lost(answer.header.revision);
  const deleted = answer.responses.reduce(
    (sum, op) => sum + (op.kind === 'deleteRange' ? op.deleteRange.deleted : 0),
    0,
  );
  return { deleted, revision: answer.header.revision };
}

type ReadOptions = Omit<RangeRequest, 'key' | 'rangeEnd'>;

interface Chunk {
  readonly kvs: readonly KeyValue[];
  readonly count: number;
  readonly more: boolean;
  readonly revision: number;
}

function readOptions(request: Omit<PageRequest, 'limit'>): ReadOptions {
  return { keysOnly: request.keysOnly, serializable: request.serializable };
}

// All pieces at one revision: one range when there is one piece, else one read-only transaction.
async function readChunk(
  caller: Caller,
  deps: KvDeps,
  pieces: readonly KeyRange[],
  options: ReadOptions,
): Promise<Chunk> {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) {
    const answer = await deps.etcd.range(caller, { ...only, ...options });
    return joinRanges([answer], answer.header.revision, options.limit);
  }
  const answer = await deps.etcd.txn(caller, {
    compare: [],
    success: pieces.map((piece) => ({ kind: 'range', range: { ...piece, ...options } })),
    failure: [],
  });
  const ranges = answer.responses.flatMap((op) => (op.kind === 'range' ? [op.range] : []));
  return joinRanges(ranges, answer.header.revision, options.limit);
}

function joinRanges(
  ranges: readonly RangeResponse[],
  headerRevision: number,
  limit = Infinity,
): Chunk {
  const kvs = ranges.flatMap((range) => range.kvs);
  return {
    kvs: kvs.slice(0, limit),
    count: ranges.reduce((sum, range) => sum + range.count, 0),
    more: kvs.length > limit || ranges.some((range) => range.more),
    revision: headerRevision,
  };
}
