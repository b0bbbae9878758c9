// Runs clients of keys, clients of locks and faults at once, then checks everything against etcd's own history.
import { observe } from '../harness/observation.js';
import type { Workload } from '../harness/observation.js';
import type { Call } from '../lock-checker/call.js';
import { checkAll } from '../lock-checker/checks/all.js';
import { Evidence } from '../lock-checker/evidence.js';
import { WATCHED } from '../lock-checker/history.js';
import { createLockWorkload } from '../lock-checker/lock-workload.js';
import { countsText, violationsText } from '../lock-checker/report.js';
import { checkKeys } from './checks/all.js';
import { checkFinalReads } from './checks/responses.js';
import type { KeyCall } from './key-call.js';
import { KEYS, createKeyWorkload } from './key-clients.js';
import { CHAOS, KeyEvidence } from './key-evidence.js';
import { keyCountsText, keyViolationsText } from './report.js';
import type { ChaosSettings } from './settings.js';

const REPLICAS = 2;

export interface ChaosOutcome {
  /** Counts for the reader of the report. */
  readonly counts: string;
  /** Empty when no check failed. */
  readonly violations: string;
  /** Whether a violation must not happen, however slow the machine is. */
  readonly isUnsafe: boolean;
}

export async function runChaos(settings: ChaosSettings): Promise<ChaosOutcome> {
  const calls: { locks: Call[]; keys: KeyCall[] } = { locks: [], keys: [] };
  // The keys of the run sort before those of the locks.
  const watched = { key: CHAOS, rangeEnd: WATCHED.rangeEnd };
  const observation = await observe(settings, watched, (context) =>
    combine(
      createLockWorkload(settings, context, calls.locks),
      createKeyWorkload(settings, context, calls.keys),
    ),
  );
  const locks = new Evidence({ ...observation, calls: calls.locks });
  const keys = new KeyEvidence({ ...observation, calls: calls.keys });
  const findings = checkAll(locks);
  const violations = [...checkKeys(keys), ...checkFinalReads(keys, KEYS, REPLICAS)];
  const frame = { ...observation, seed: settings.seed };
  return {
    counts: `${keyCountsText(keys, violations)}\nlocks: ${countsText(locks, findings, frame)}`,
    violations: [
      keyViolationsText(keys, violations, observation.startedAt),
      violationsText(locks, findings, frame),
    ]
      .filter((text) => text !== '')
      .join('\n\n'),
    isUnsafe: [...violations, ...findings.violations].some(({ isOfTime }) => !isOfTime),
  };
}

function combine(...workloads: readonly Workload[]): Workload {
  return {
    onEvent: (event) => workloads.forEach((workload) => workload.onEvent?.(event)),
    run: () => Promise.all(workloads.map((workload) => workload.run())),
    settle: async () => {
      await Promise.all(workloads.map((workload) => workload.settle()));
    },
  };
}
