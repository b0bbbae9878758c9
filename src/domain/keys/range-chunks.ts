// Reads many keys from etcd in chunks that are limited in bytes. etcd limits a response by keys only, so the number of keys of a read is
// estimated from the entries of the previous one.
import type { Caller } from '../../core/caller.js';
import { isResponseTooLarge } from '../../etcd/calls/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import { OPERATIONS_TOGETHER_MAX } from '../../etcd/wire.js';
import type {
  KeyRange,
  KeyValue,
  RangeRequest,
  RangeResponse,
  SortTarget,
} from '../../etcd/wire.js';

/** Keys of the first read, while the size of entries is unknown: at 1.5 MiB each they are less than 70 MB of JSON. */
const CHUNK_KEYS_FIRST = 32;
const CHUNK_KEYS_MAX = 1_000;
/** Maximum growth from one chunk to the next, because large entries may follow small ones. */
const GROWTH_MAX = 4;

export interface ChunkDeps {
  readonly etcd: EtcdClient;
}

export type ReadOptions = Omit<RangeRequest, 'key' | 'rangeEnd'>;

export interface Chunk {
  readonly kvs: readonly KeyValue[];
  /** Keys in all pieces, regardless of the limit. */
  readonly count: number;
  readonly more: boolean;
  readonly revision: number;
}

/** The number of keys to request next. */
export class ChunkSize {
  #keys: number;
  readonly #max: number;

  constructor({ isKeysOnly = false, max = CHUNK_KEYS_MAX } = {}) {
    this.#max = max;
    this.#keys = isKeysOnly ? max : Math.min(CHUNK_KEYS_FIRST, max);
  }

  get keys(): number {
    return this.#keys;
  }

  /** Aims at a next chunk of `targetBytes`, assuming that its entries are as large as these. */
  adapt(kvs: readonly KeyValue[], targetBytes: number): void {
    if (kvs.length === 0) return;
    const averageBytes = Math.max(1, sizeOf(kvs) / kvs.length);
    const wanted = Math.max(1, Math.floor(targetBytes / averageBytes));
    this.#keys = Math.min(this.#max, this.#keys * GROWTH_MAX, wanted);
  }

  /** Halves the number of keys. Returns false if it is 1. */
  halve(): boolean {
    if (this.#keys === 1) return false;
    this.#keys = Math.floor(this.#keys / 2);
    return true;
  }
}

/**
 * Reads the first keys of all pieces at one revision: one range for one piece, else one read-only transaction. Reads fewer keys than
 * `options.limit` if `size` is lower, and halves them while the response of etcd is too large.
 */
export async function readSized(
  caller: Caller,
  deps: ChunkDeps,
  pieces: readonly KeyRange[],
  options: ReadOptions & { readonly limit: number },
  size: ChunkSize,
): Promise<Chunk> {
  for (;;) {
    const limit = Math.min(size.keys, options.limit);
    try {
      return await readChunk(caller, deps, pieces, { ...options, limit });
    } catch (error) {
      if (!isResponseTooLarge(error) || !size.halve()) throw error;
    }
  }
}

/** Like `readSized` without a limit in bytes: for counts, and for reads without values. */
export async function readChunk(
  caller: Caller,
  deps: ChunkDeps,
  pieces: readonly KeyRange[],
  options: ReadOptions,
): Promise<Chunk> {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) {
    const response = await deps.etcd.range(caller, { ...only, ...options });
    return joinRanges([response], response.header.revision, options);
  }
  const { ranges, revision } = await readTogether(caller, deps, pieces, options);
  return joinRanges(ranges, revision, options);
}

/** Reads the values of `heads`, in the same order, up to `bytesMax`; the last value may exceed it. */
export async function readValues(
  caller: Caller,
  deps: ChunkDeps,
  heads: readonly KeyValue[],
  options: ReadOptions,
  bytesMax: number,
): Promise<readonly KeyValue[]> {
  const size = new ChunkSize({ max: OPERATIONS_TOGETHER_MAX });
  const items: KeyValue[] = [];
  for (let bytes = 0; items.length < heads.length && bytes < bytesMax;) {
    const some = heads.slice(items.length, items.length + size.keys);
    try {
      const { ranges } = await readTogether(caller, deps, some.map(keyOf), options);
      const kvs = ranges.flatMap((range) => range.kvs);
      const kept = takeBytes(kvs, bytesMax - bytes);
      items.push(...kept);
      bytes += sizeOf(kept);
      if (kept.length < some.length) break;
      size.adapt(kvs, bytesMax - bytes);
    } catch (error) {
      if (!isResponseTooLarge(error) || !size.halve()) throw error;
    }
  }
  return items;
}

export function sizeOf(kvs: readonly KeyValue[]): number {
  return kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length, 0);
}

/** Returns the entries up to and including the one that exceeds `budgetBytes`, so that a page is never empty. */
export function takeBytes(kvs: readonly KeyValue[], budgetBytes: number): readonly KeyValue[] {
  let left = budgetBytes;
  const end = kvs.findIndex((kv) => (left -= kv.key.length + kv.value.length) <= 0);
  return end < 0 ? kvs : kvs.slice(0, end + 1);
}

function keyOf({ key }: KeyValue): KeyRange {
  return { key };
}

/** Reads at most 100 ranges at one revision. */
export async function readTogether(
  caller: Caller,
  deps: ChunkDeps,
  pieces: readonly KeyRange[],
  options: ReadOptions,
): Promise<{ ranges: readonly RangeResponse[]; revision: number }> {
  const response = await deps.etcd.txn(caller, {
    compare: [],
    success: pieces.map((piece) => ({ kind: 'range', range: { ...piece, ...options } })),
    failure: [],
  });
  const ranges = response.responses.flatMap((op) => (op.kind === 'range' ? [op.range] : []));
  return { ranges, revision: response.header.revision };
}

function joinRanges(
  ranges: readonly RangeResponse[],
  revision: number,
  { limit = Infinity, sort }: ReadOptions,
): Chunk {
  const kvs = ranges.flatMap((range) => range.kvs);
  // etcd sorts each piece separately, and entries with equal sort values in any order.
  if (sort !== undefined) kvs.sort(comparatorOf(sort));
  return {
    kvs: kvs.slice(0, limit),
    count: ranges.reduce((sum, range) => sum + range.count, 0),
    more: kvs.length > limit || ranges.some((range) => range.more),
    revision,
  };
}

type Comparator = (a: KeyValue, b: KeyValue) => number;

const NUMBERS: Partial<Record<SortTarget, (kv: KeyValue) => number>> = {
  create: (kv) => kv.createRevision,
  mod: (kv) => kv.modRevision,
  version: (kv) => kv.version,
};

function comparatorOf({ target, order }: NonNullable<RangeRequest['sort']>): Comparator {
  const numberOf = NUMBERS[target] ?? (() => 0);
  const sign = order === 'ascend' ? 1 : -1;
  return (a, b) => sign * (numberOf(a) - numberOf(b)) || sign * a.key.compare(b.key);
}
