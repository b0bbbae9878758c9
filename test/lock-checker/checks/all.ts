// All checks, in the order of the invariants.
import type { Evidence } from '../evidence.js';
import { violation } from '../violation.js';
import type { Violation } from '../violation.js';
import { checkAbandoned, checkNothingLeft } from './abandoned.js';
import { checkResponses } from './responses.js';
import { checkExclusion } from './exclusion.js';
import { checkGuards } from './guards.js';
import { checkLateCopies } from './late-copies.js';
import { checkLiveness } from './liveness.js';
import { checkOneEntry } from './one-entry.js';
import { checkQueueOrder } from './queue-order.js';
import { checkRejoined } from './rejoined.js';
import { checkRenewals, checkAcquisitions } from './acquisitions.js';

export interface Findings {
  readonly violations: readonly Violation[];
  /** Released entries that reappeared within the exception of I5. */
  readonly excusedReturns: number;
  /** Entries that were definitely re-joined. */
  readonly rejoined: number;
}

export function checkAll(evidence: Evidence): Findings {
  const oneEntry = checkOneEntry(evidence);
  const rejoined = checkRejoined(evidence);
  return {
    violations: [
      ...checkComplete(evidence),
      ...checkAcquisitions(evidence),
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
      ...checkResponses(evidence),
    ],
    excusedReturns: oneEntry.excused.length,
    rejoined: rejoined.count,
  };
}

/** All other checks depend on a history without gaps. */
export function checkComplete({ history }: Evidence): Violation[] {
  const { missing } = history;
  if (missing.length === 0) return [];
  return [
    violation(
      'history',
      `${missing.length} revisions were not seen, the first is ${missing[0]}: the checker lost them, or another client writes elsewhere`,
      { revision: missing[0] },
    ),
  ];
}
