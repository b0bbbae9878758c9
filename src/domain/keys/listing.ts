// Lists, counts and deletes many keys. Pages are pinned to one revision; deletes leave out reserved keys.
import type { Caller } from '../../core/caller.js';
import { nextKey } from '../../etcd/range.js';
import type { KeyValue, Span } from '../../etcd/wire.js';
import { encodeCursor } from '../cursor.js';
import { resolveGuard } from '../locks/guard.js';
import type { Guard } from '../locks/guard.js';
import type { KvDeps } from './kv.js';
import { listLevel } from './level-listing.js';
import { PAGE_BYTES_MAX, readOptionsOf, startOf } from './page.js';
import type { Page, PageRequest, PageStart } from './page.js';
import { ChunkSize, readChunk, readSized, sizeOf, takeBytes } from './range-chunks.js';
import { listSorted } from './sorted-listing.js';

/**
 * Returns one page. Throws `revision-compacted` if the pinned revision is compacted, `invalid-request` for the `next` of another list, and
 * `reserved-prefix`. Does not guarantee that `count` excludes the markers of v2 directories, unless the page is the whole list.
 */
export async function listKeys(caller: Caller, deps: KvDeps, request: PageRequest): Promise<Page> {
  const start = startOf(request);
  const { levelBase } = start;
  if (levelBase !== undefined) return listLevel(caller, deps, request, { ...start, levelBase });
  const isPlain = (request.sort ?? 'key') === 'key' && start.order === 'asc';
  return isPlain
    ? listAscending(caller, deps, request, start)
    : listSorted(caller, deps, request, start);
}

/** Lists in etcd's own order, so no more is read than the page holds. */
async function listAscending(
  caller: Caller,
  deps: KvDeps,
  request: PageRequest,
  { range, rest, ...start }: PageStart,
): Promise<Page> {
  let pieces = deps.reserved.readable(rest);
  let { revision, count } = start;
  const size = new ChunkSize({ isKeysOnly: request.keysOnly === true });
  const items: KeyValue[] = [];
  for (let bytes = 0; ;) {
    const limit = request.limit - items.length;
    const options = { ...readOptionsOf(request), limit, revision };
    const chunk = await readSized(caller, deps, pieces, options, size);
    revision ??= chunk.revision;
    count ??= chunk.count;
    const kept = takeBytes(chunk.kvs, PAGE_BYTES_MAX - bytes);
    items.push(...kept);
    bytes += sizeOf(kept);
    const last = kept.at(-1);
    const isEnd = !chunk.more && kept.length === chunk.kvs.length;
    if (isEnd || last === undefined) return { items, count, revision, next: undefined };
    const from = nextKey(last.key);
    if (items.length >= request.limit || bytes >= PAGE_BYTES_MAX) {
      const next = encodeCursor({ ...start, range, from, revision, count });
      return { items, count, revision, next };
    }
    pieces = deps.reserved.readable({ key: from, rangeEnd: range.rangeEnd });
    size.adapt(chunk.kvs, PAGE_BYTES_MAX - bytes);
  }
}

export interface Count {
  readonly count: number;
  readonly revision: number;
}

/** Throws `revision-compacted`, `reserved-prefix`. Does not guarantee that a count above 2,000 excludes the markers of v2 directories. */
export async function countKeys(
  caller: Caller,
  deps: KvDeps,
  request: Omit<PageRequest, 'limit' | 'next'>,
): Promise<Count> {
  const pieces = deps.reserved.readable(request.range);
  const { count, revision } = await readChunk(caller, deps, pieces, {
    ...readOptionsOf(request),
    revision: request.revision,
    countOnly: true,
  });
  return { count, revision };
}

/**
 * Deletes every key of the range except reserved ones, in one transaction. Throws `reserved-prefix` for a range that begins inside a
 * reserved prefix, and `lock-lost` if the guard does not hold.
 */
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
  const response = await deps.etcd.txn(caller, {
    compare: guard?.compare ?? [],
    success: pieces.map((deleteRange) => ({ kind: 'deleteRange', deleteRange })),
    failure: [],
  });
  if (guard !== undefined && !response.succeeded)
    throw guard.createLockLost(response.header.revision);
  const deleted = response.responses.reduce(
    (sum, op) => sum + (op.kind === 'deleteRange' ? op.deleteRange.deleted : 0),
    0,
  );
  return { deleted, revision: response.header.revision };
}
