// Lists pages in an order other than ascending keys. etcd reads the whole range to sort it, so the sorted read happens once per page and
// without values. A second read returns the values of the page.
import type { Caller } from '../../core/caller.js';
import type { RangeRequest } from '../../etcd/wire.js';
import { encodeCursor } from '../cursor.js';
import { PAGE_BYTES_MAX, readOptionsOf } from './page.js';
import type { Page, PageRequest, PageStart, ReadableRanges } from './page.js';
import { readChunk, readValues } from './range-chunks.js';
import type { ChunkDeps } from './range-chunks.js';

/** Only a list sorted by key has a `next`. In any other order there is one page, and `count` shows how many keys it leaves out. */
export async function listSorted(
  caller: Caller,
  deps: ChunkDeps & ReadableRanges,
  request: PageRequest,
  start: PageStart,
): Promise<Page> {
  const { limit, sort = 'key', keysOnly } = request;
  const { range, rest, order } = start;
  const sorting: RangeRequest['sort'] = {
    target: sort,
    order: order === 'asc' ? 'ascend' : 'descend',
  };
  const options = { ...readOptionsOf(request), keysOnly: true };
  const heads = await readChunk(caller, deps, deps.reserved.readable(rest), {
    ...options,
    sort: sorting,
    limit,
    revision: start.revision,
  });
  const revision = start.revision ?? heads.revision;
  const count = start.count ?? heads.count;
  const items =
    keysOnly === true
      ? heads.kvs
      : await readValues(
          caller,
          deps,
          heads.kvs,
          { ...options, keysOnly: false, revision },
          PAGE_BYTES_MAX,
        );
  const last = items.at(-1);
  const isEnd = !heads.more && items.length === heads.kvs.length;
  const next =
    sort !== 'key' || isEnd || last === undefined
      ? undefined
      : encodeCursor({ range, from: last.key, revision, count, order, levelBase: undefined });
  return { items, count, revision, next };
}
