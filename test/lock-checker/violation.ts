// What a check found to be wrong, with what is needed to look at the history around it.
import type { Call } from './call.js';
import type { Entry } from './history.js';

/**
 * The numbers are those of the invariants of the lock algorithm, each told at the head of its file in checks/; the other names are what the
 * algorithm and the contract promise beside them. I7 is what no lock can promise: that who sleeps past his ttl still holds.
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
  | 'answers'
  | 'history';

export interface Violation {
  readonly rule: Rule;
  /** One sentence with the names of calls, entries and revisions. */
  readonly what: string;
  readonly lock: string | undefined;
  /** Around which the report shows the history. */
  readonly revision: number | undefined;
  readonly entries: readonly Entry[];
  readonly calls: readonly Call[];
  /** It may be that the machine did not keep up; all others must never be, however slow it is. */
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

/** An entry in one word. */
export function named(entry: Entry): string {
  return `${entry.mode} entry ${entry.lock}@${entry.createRevision}`;
}
