// Ranges of many keys as callers name them: a prefix, or a start and an end, or neither for the whole keyspace. Pure.
import { invalidRequest } from '../../core/errors.js';
import { prefixRange, spanRange } from '../../etcd/range.js';
import type { Span } from '../../etcd/wire.js';

export interface SpanBounds {
  readonly prefix?: Buffer | undefined;
  readonly start?: Buffer | undefined;
  /** The first key that is no longer in the range; absent = to the end of the keyspace. */
  readonly end?: Buffer | undefined;
}

/** Throws `invalid-request` for contradictions and for a range that holds no key; `at` goes before the names of the bounds. */
export function spanOf({ prefix, start, end }: SpanBounds, at = ''): Span {
  if (prefix !== undefined) {
    if ((start ?? end) !== undefined)
      throw invalidRequest(`${at}prefix`, 'prefix excludes start and end');
    return prefixRange(prefix);
  }
  const from = start ?? Buffer.alloc(0);
  if (end !== undefined && from.compare(end) >= 0) {
    throw invalidRequest(
      `${at}end`,
      'end must be greater than start: the range [start, end) holds no key',
    );
  }
  return spanRange(from, end);
}
