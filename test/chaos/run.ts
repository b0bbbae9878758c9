// The whole run: clients of keys and of locks and faults at once, everything judged by etcd's own history.
import { observe } from '../harness/observation.js';
import type { Cast } from '../harness/observation.js';
import type { Call } from '../lock-checker/call.js';
import { checkAll } from '../lock-checker/checks/all.js';
import { Evidence } from '../lock-checker/evidence.js';
import { WATCHED } from '../lock-checker/history.js';
import { createLockCast } from '../lock-checker/lock-cast.js';
import { countsText, violationsText } from '../lock-checker/report.js';
import { checkKeys } from './checks/all.js';
import { checkLastLook } from './checks/answers.js';
import type { KeyCall } from './key-call.js';
import { KEYS, createKeyCast } from './key-clients.js';
import { CHAOS, KeyEvidence } from './key-evidence.js';
import { keyCountsText, keyViolationsText } from './report.js';
import type { ChaosSettings } from './settings.js';

const REPLICAS = 2;

export interface ChaosOutcome {
  /** For people. */
  readonly counts: string;
  /** Empty when nothing is wrong. */
  readonly violations: string;
  /** Something that must never be, however slow the machine is. */
  readonly isUnsafe: boolean;
}

export async function runChaos(settings: ChaosSettings): Promise<ChaosOutcome> {
  const calls: { locks: Call[]; keys: KeyCall[] } = { locks: [], keys: [] };
  // The keys of the run stand in front of those of the locks.
  const watched = { key: CHAOS, rangeEnd: WATCHED.rangeEnd };
  const observation = await observe(settings, watched, (scene) =>
    together(
      createLockCast(settings, scene, calls.locks),
      createKeyCast(settings, scene, calls.keys),
    ),
  );
  const locks = new Evidence({ ...observation, calls: calls.locks });
  const keys = new KeyEvidence({ ...observation, calls: calls.keys });
  const findings = checkAll(locks);
  const violations = [...checkKeys(keys), ...checkLastLook(keys, KEYS, REPLICAS)];
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

function together(...casts: readonly Cast[]): Cast {
  return {
    hear: (event) => casts.forEach((cast) => cast.hear?.(event)),
    run: () => Promise.all(casts.map((cast) => cast.run())),
    settle: async () => {
      await Promise.all(casts.map((cast) => cast.settle()));
    },
  };
}
