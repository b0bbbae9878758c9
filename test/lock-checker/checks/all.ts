// Every check, in the order of the invariants.
import type { Evidence } from '../evidence.js';
import { violation } from '../violation.js';
import type { Violation } from '../violation.js';
import { checkAbandoned, checkNothingLeft } from './abandoned.js';
import { checkAnswers } from './answers.js';
import { checkExclusion } from './exclusion.js';
import { checkGuards } from './guards.js';
import { checkLateCopies } from './late-copies.js';
import { checkLiveness } from './liveness.js';
import { checkOneEntry } from './one-entry.js';
import { checkQueueOrder } from './queue-order.js';
import { checkRejoined } from './rejoined.js';
import { checkRenewals, checkToldHolders } from './told-holders.js';

export interface Findings {
  readonly violations: readonly Violation[];
  /** Released entries that came back within the exception of I5. */
  readonly excusedReturns: number;
  /** Entries that were surely re-joined. */
  readonly rejoined: number;
}

export function checkAll(evidence: Evidence): Findings {
  const oneEntry = checkOneEntry(evidence);
  const rejoined = checkRejoined(evidence);
  return {
    violations: [
      ...checkComplete(evidence),
      ...checkToldHolders(evidence),
      ...checkRenewals(evidence),
      ...checkExclusion(evidence),
      ...checkQueueOrder(evidence),
      ...checkAbandoned(evidence),
      ...checkNothingLeft(evidence),
      ...oneEntry.violations,
      ...checkGuards(evidence),
      ...rejoined.violations,
      ...checkLateCopies(evidence),
      ...checkLiveness(evidence),
      ...checkAnswers(evidence),
    ],
    excusedReturns: oneEntry.excused.length,
    rejoined: rejoined.count,
  };
}

/** Without every revision no other check is worth anything. */
export function checkComplete({ history }: Evidence): Violation[] {
  const { missing } = history;
  if (missing.length === 0) return [];
  return [
    violation(
      'history',
      `${missing.length} revisions were not seen, the first is ${missing[0]}: the checker lost them, or somebody writes elsewhere`,
      { revision: missing[0] },
    ),
  ];
}
