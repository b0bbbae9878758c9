// The comparisons of a transaction, named by what they check.
import type { Compare, KeyRange } from './wire.js';

export function isAbsent(key: Buffer): Compare {
  return { key, result: '=', target: { kind: 'version', number: 0 } };
}

export function isPresent(key: Buffer): Compare {
  return { key, result: '>', target: { kind: 'version', number: 0 } };
}

/** True if the range has no key: etcd compares an empty range with zeros, and every existing key has a version above 0. */
export function isEmptyRange(range: KeyRange): Compare {
  return { ...range, result: '=', target: { kind: 'version', number: 0 } };
}

export function modRevisionIs(key: Buffer, modRevision: number): Compare {
  return { key, result: '=', target: { kind: 'mod', number: modRevision } };
}

export function createRevisionIs(key: Buffer, createRevision: number): Compare {
  return { key, result: '=', target: { kind: 'create', number: createRevision } };
}

/** False for a key that does not exist. */
export function leaseIs(key: Buffer, lease: string): Compare {
  return { key, result: '=', target: { kind: 'lease', lease } };
}

/** True if the range has keys and each was created at that revision or later. */
export function nothingCreatedBefore(range: KeyRange, createRevision: number): Compare {
  return { ...range, result: '>', target: { kind: 'create', number: createRevision - 1 } };
}
