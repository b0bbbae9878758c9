// A finding of a check, with what the report needs to show the history around it.
import type { Call } from './call.js';
import type { Entry } from './history.js';

/**
 * The numbers are those of the invariants of the lock algorithm. The head of each file in checks/ states its invariant. The other names are
 * further guarantees of the algorithm and the contract. I7 is not checked: a client that pauses longer than its ttl may lose the lock.
 */
export type Rule =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I8'
  | 'late-copies'
  | 'liveness'
  | 'responses'
  | 'history';

export interface Violation {
  readonly rule: Rule;
  /** One sentence that names the calls, entries and revisions. */
  readonly what: string;
  readonly lock: string | undefined;
  /** The report shows the history around this revision. */
  readonly revision: number | undefined;
  readonly entries: readonly Entry[];
  readonly calls: readonly Call[];
  /** A slow machine may cause it. Other violations must not happen, however slow the machine is. */
  readonly isOfTime: boolean;
}

export interface Subject {
  readonly lock?: string;
  readonly revision?: number | undefined;
  readonly entries?: readonly Entry[];
  readonly calls?: readonly Call[];
  readonly isOfTime?: boolean;
}

const OF_TIME: readonly Rule[] = ['I4', 'liveness'];

export function violation(rule: Rule, what: string, subject: Subject = {}): Violation {
  const { entries = [], calls = [] } = subject;
  const lock = subject.lock ?? entries[0]?.lock ?? calls[0]?.lock;
  const revision = subject.revision ?? entries[0]?.removed?.revision ?? entries[0]?.createRevision;
  const { isOfTime = OF_TIME.includes(rule) } = subject;
  return { rule, what, lock, revision, entries, calls, isOfTime };
}

/** Returns a short name of the entry. */
export function named(entry: Entry): string {
  return `${entry.mode} entry ${entry.lock}@${entry.createRevision}`;
}
