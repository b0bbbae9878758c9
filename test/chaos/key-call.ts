// What clients of keys did and saw: one record for each call, whatever it did.
import type { CallRecord } from '../harness/recording-user.js';

export type CallKind =
  'get' | 'stale get' | 'list' | 'put' | 'create' | 'replace' | 'delete' | 'delete if' | 'transact';

/** A key as an answer, or the history, shows it. The value is the id of the call that wrote it. */
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

/** What was answered, as far as it can be told from any answer. */
export interface Told {
  /** `absent`: there was nothing to read, or to delete. `refused`: a condition was not true. */
  readonly kind: 'done' | 'absent' | 'refused';
  /** Of a write, its own; of a read, the store's. Undefined where the answer does not tell. */
  readonly revision: number | undefined;
  /** What it shows of the keys of `shown`: one that is missing did not exist. Undefined when it shows nothing. */
  readonly seen: readonly Seen[] | undefined;
}

export interface KeyCall extends CallRecord {
  /** Also the value that it writes. */
  readonly id: string;
  readonly kind: CallKind;
  readonly conditions: readonly Condition[];
  readonly puts: readonly string[];
  readonly deletes: readonly string[];
  /** The keys that its answer shows. */
  readonly shown: readonly string[];
  /** Of an answer of etcd's, errors aside. */
  told?: Told;
}

export function isWrite({ puts, deletes }: KeyCall): boolean {
  return puts.length + deletes.length > 0;
}

/** What its answer says of a write: that it happened, that it surely did not, or neither. */
export function fateOf(call: KeyCall): 'applied' | 'not-applied' | 'unknown' {
  if (call.ending !== 'answered') return 'unknown';
  if (call.told?.kind === 'done') return 'applied';
  return (call.status ?? 0) < 500 || call.outcome === 'not-applied' ? 'not-applied' : 'unknown';
}
