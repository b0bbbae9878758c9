// What a check of the keys found to be wrong, with what is needed to look at the history around it.
import type { KeyCall } from './key-call.js';

export type KeyRule =
  | 'invented'
  | 'twice'
  | 'torn'
  | 'lost'
  | 'not told'
  | 'condition'
  | 'stale'
  | 'too new'
  | 'untrue'
  | 'answers'
  | 'liveness';

export interface KeyViolation {
  readonly rule: KeyRule;
  /** One sentence with the names of calls, keys and revisions. */
  readonly what: string;
  readonly calls: readonly KeyCall[];
  readonly keys: readonly string[];
  /** Around which the report shows the history. */
  readonly revision: number | undefined;
  /** It may be that the machine did not keep up; all others must never be, however slow it is. */
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
