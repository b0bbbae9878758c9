// Query parameters of reads and ranges of keys, converted for the domain.
import { spanOf } from '../../domain/keys/span.js';
import type { Span } from '../../etcd/wire.js';
import { invalidRequest } from '../../core/errors.js';
import type { OperationId, OperationQuery } from '../contract/operation-types.js';
import type { OperationValidator } from '../contract/validate.js';
import { parseKey, parseKeyText } from './key-text.js';

type ListQuery = OperationQuery<'listKeys'>;

export type RangeQuery = Pick<ListQuery, 'prefix' | 'start' | 'end' | 'keyEncoding'>;

/** Returns whether any member may respond without a quorum. */
export function isSerializable({ consistency }: Pick<ListQuery, 'consistency'>): boolean {
  return consistency === 'serializable';
}

/** Returns the range between `prefix`, `start` and `end`; without them the whole keyspace. Throws `invalid-request`. */
export function parseRange(query: RangeQuery): Span {
  const parse = (name: 'prefix' | 'start' | 'end'): Buffer | undefined => {
    const text = query[name];
    return text === undefined ? undefined : parseKeyText(text, query.keyEncoding, name);
  };
  return spanOf({ prefix: parse('prefix'), start: parse('start'), end: parse('end') });
}

/**
 * Returns the key of a request with `?key=`, or `undefined` if it names a range. Throws `invalid-request` for a key together with a parameter
 * that is only for ranges: one that `byPath`, the same operation with the key in the path, does not have.
 */
export function parseOptionalKey<Id extends 'listKeys' | 'deleteKeys'>(
  query: OperationQuery<Id>,
  operation: OperationValidator<Id>,
  byPath: Pick<OperationValidator<OperationId>, 'hasQueryParameter'>,
): Buffer | undefined {
  const { key, keyEncoding }: Pick<ListQuery, 'key' | 'keyEncoding'> = query;
  if (key === undefined) return undefined;
  const conflict = operation
    .given(query)
    .find((name) => name !== 'key' && !byPath.hasQueryParameter(name));
  if (conflict !== undefined)
    throw invalidRequest(conflict, `key and ${conflict} cannot be combined`);
  return parseKey(key, keyEncoding);
}
