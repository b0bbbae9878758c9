// Converts a client's prefix, or start and end, to a range of keys; neither means the whole keyspace. Pure.
import { invalidRequest } from '../../core/errors.js';
import { prefixRange, spanRange } from '../../etcd/range.js';
import type { Span } from '../../etcd/wire.js';

export interface SpanBounds {
  readonly prefix?: Buffer | undefined;
  readonly start?: Buffer | undefined;
  /** The first key after the range; absent = to the end of the keyspace. */
  readonly end?: Buffer | undefined;
}

/** Throws `invalid-request` for contradictions and for an empty range. `at` is the pointer prefix of the bounds. */
export function spanOf({ prefix, start, end }: SpanBounds, at = ''): Span {
  if (prefix !== undefined) {
    if ((start ?? end) !== undefined)
      throw invalidRequest(`${at}prefix`, 'prefix cannot be combined with start or end');
    return prefixRange(prefix);
  }
  const from = start ?? Buffer.alloc(0);
  if (end !== undefined && from.compare(end) >= 0) {
    throw invalidRequest(
      `${at}end`,
      'end must be greater than start: the range [start, end) is empty',
    );
  }
  return spanRange(from, end);
}
