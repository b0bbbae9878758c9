// What clients of keys sent and received: one record for each call.
import type { CallRecord } from '../harness/recording-user.js';

export type CallKind =
  'get' | 'stale get' | 'list' | 'put' | 'create' | 'replace' | 'delete' | 'delete if' | 'transact';

/** A key as a response or the history shows it. The value is the id of the call that wrote it. */
export interface Seen {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** The key is at that modRevision; 0 when it does not exist. */
export interface Condition {
  readonly key: string;
  readonly modRevision: number;
}

/** What a response states, in one form for all operations. */
export interface KeyResult {
  /** `absent`: the key to read or delete did not exist. `refused`: a condition was not true. */
  readonly kind: 'done' | 'absent' | 'refused';
  /** The revision of a write, or of the store at a read. Undefined where the response has none. */
  readonly revision: number | undefined;
  /** The keys of `shown` that existed. Undefined if the response shows no keys. */
  readonly seen: readonly Seen[] | undefined;
}

export interface KeyCall extends CallRecord {
  /** Also the value that it writes. */
  readonly id: string;
  readonly kind: CallKind;
  readonly conditions: readonly Condition[];
  readonly puts: readonly string[];
  readonly deletes: readonly string[];
  /** The keys that its response shows. */
  readonly shown: readonly string[];
  /** Undefined without a response, and for errors. */
  result?: KeyResult;
}

export function isWrite({ puts, deletes }: KeyCall): boolean {
  return puts.length + deletes.length > 0;
}

/** Returns whether the response states that the write was applied, was definitely not applied, or neither. */
export function fateOf(call: KeyCall): 'applied' | 'not-applied' | 'unknown' {
  if (call.ending !== 'answered') return 'unknown';
  if (call.result?.kind === 'done') return 'applied';
  return (call.status ?? 0) < 500 || call.outcome === 'not-applied' ? 'not-applied' : 'unknown';
}
