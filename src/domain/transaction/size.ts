// Computes the size of a transaction for etcd. A branch that occurs twice in a plan counts twice. Pure.
import type { Compare, KeyRange, RequestOp } from '../../etcd/wire.js';

export interface Size {
  /** Comparisons and operations, on all levels. */
  readonly operations: number;
  /** Bytes of keys and values; etcd counts slightly more. */
  readonly bytes: number;
  readonly isWrite: boolean;
}

/** An etcd operation other than a nested transaction. */
export type PlainRequest = Exclude<RequestOp, { kind: 'txn' }>;

export const ZERO: Size = { operations: 0, bytes: 0, isWrite: false };

export function addSizes(sizes: readonly Size[]): Size {
  return sizes.reduce(
    (sum, size) => ({
      operations: sum.operations + size.operations,
      bytes: sum.bytes + size.bytes,
      isWrite: sum.isWrite || size.isWrite,
    }),
    ZERO,
  );
}

export function sizeOfCompare({ target, ...range }: Compare): Size {
  const valueBytes = target.kind === 'value' ? target.value.length : 0;
  return { operations: 1, bytes: bytesOf(range) + valueBytes, isWrite: false };
}

export function sizeOfRequest(request: PlainRequest): Size {
  switch (request.kind) {
    case 'range':
      return { operations: 1, bytes: bytesOf(request.range), isWrite: false };
    case 'put': {
      const { key, value } = request.put;
      return { operations: 1, bytes: key.length + (value?.length ?? 0), isWrite: true };
    }
    case 'deleteRange':
      return { operations: 1, bytes: bytesOf(request.deleteRange), isWrite: true };
  }
}

function bytesOf({ key, rangeEnd }: KeyRange): number {
  return key.length + (rangeEnd?.length ?? 0);
}
