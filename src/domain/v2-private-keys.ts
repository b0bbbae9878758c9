// The keys of the v2 API below `\0latchkey/v2/`. Outside of `v2/`, because the rights of API tokens and the reads of /v1 use them too.
import { containsRange, prefixRange } from '../etcd/range.js';
import type { KeyRange } from '../etcd/wire.js';
import { PRIVATE_PREFIX } from './reserved.js';

/** Describes the last change that was made through the v2 API. */
export const V2_EVENT_RECORD_KEY = Buffer.from(`${PRIVATE_PREFIX}v2/action`);

/** Followed by the path of a directory with a ttl. */
export const V2_EXPIRY_LIST_PREFIX = `${PRIVATE_PREFIX}v2/ends`;

/** One key for each directory with a ttl, in the order of their paths. */
export const V2_EXPIRY_LIST = prefixRange(Buffer.from(`${V2_EXPIRY_LIST_PREFIX}/`));

/** Returns the range of the paths that a range of the expiry list names; `undefined` for a range that is not within the list. */
export function pathsInExpiryList(range: KeyRange): KeyRange | undefined {
  if (!containsRange(V2_EXPIRY_LIST, range)) return undefined;
  const toPath = (key: Buffer): Buffer => key.subarray(V2_EXPIRY_LIST_PREFIX.length);
  const { key, rangeEnd } = range;
  return { key: toPath(key), ...(rangeEnd !== undefined && { rangeEnd: toPath(rangeEnd) }) };
}
