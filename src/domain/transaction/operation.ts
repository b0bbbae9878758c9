// A transaction and its result as `/v1/txn` has them. Every part has its JSON pointer, `at`, for errors.
import type { Compare, KeyRange, KeyValue } from '../../etcd/wire.js';

/** Comparisons are ANDed; then `success` runs, else `failure`, in order and at one revision. */
export interface Transaction {
  readonly at: string;
  readonly comparisons: readonly Comparison[];
  readonly success: Branch;
  readonly failure: Branch;
}

export interface Branch {
  readonly at: string;
  readonly operations: readonly Operation[];
}

/** With a range, every key in it must satisfy the comparison; etcd compares an empty range as zeros. */
export interface Comparison extends Compare {
  readonly at: string;
}

export interface PutOperation {
  readonly kind: 'put';
  readonly at: string;
  readonly key: Buffer;
  readonly value: Buffer;
  /** 16 hex digits. */
  readonly lease?: string | undefined;
  readonly previous?: boolean | undefined;
}

export interface GetOperation {
  readonly kind: 'get';
  readonly at: string;
  readonly range: KeyRange;
  /** Maximum number of entries in the result. */
  readonly limit: number;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
}

export interface DeleteOperation {
  readonly kind: 'delete';
  readonly at: string;
  readonly range: KeyRange;
  readonly previous?: boolean | undefined;
}

export interface NestedOperation {
  readonly kind: 'txn';
  readonly at: string;
  readonly transaction: Transaction;
}

export type PlainOperation = PutOperation | GetOperation | DeleteOperation;
export type Operation = PlainOperation | NestedOperation;

/** The result of the branch that ran: one result for each of its operations. */
export interface BranchResult {
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}

export type OperationResult =
  | { readonly kind: 'put'; readonly previous: KeyValue | undefined }
  | {
      readonly kind: 'get';
      readonly kvs: readonly KeyValue[];
      /** Keys in the whole range, regardless of the limit. */
      readonly count: number;
      readonly isCutOff: boolean;
    }
  | { readonly kind: 'delete'; readonly deleted: number; readonly previous: KeyValue | undefined }
  | ({ readonly kind: 'txn' } & BranchResult);
