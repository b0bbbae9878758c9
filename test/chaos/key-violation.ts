// A finding of a check of the keys, with what the report needs to show the history around it.
import type { KeyCall } from './key-call.js';

export type KeyRule =
  | 'invented'
  | 'twice'
  | 'torn'
  | 'lost'
  | 'applied despite refusal'
  | 'condition'
  | 'stale'
  | 'too new'
  | 'untrue'
  | 'responses'
  | 'liveness';

export interface KeyViolation {
  readonly rule: KeyRule;
  /** One sentence that names the calls, keys and revisions. */
  readonly what: string;
  readonly calls: readonly KeyCall[];
  readonly keys: readonly string[];
  /** The report shows the history around this revision. */
  readonly revision: number | undefined;
  /** A slow machine may cause it. Other violations must not happen, however slow the machine is. */
  readonly isOfTime: boolean;
}

export function keyViolation(
  rule: KeyRule,
  what: string,
  calls: readonly KeyCall[],
  revision?: number,
): KeyViolation {
  const keys = calls.flatMap(({ puts, deletes, shown }) => [...puts, ...deletes, ...shown]);
  return {
    rule,
    what,
    calls,
    keys: [...new Set(keys)],
    revision,
    isOfTime: rule === 'liveness',
  };
}
