// The whole run: lets clients of the locks and faults loose on the system, and judges what was seen.
import { observe } from '../harness/observation.js';
import type { Call } from './call.js';
import { checkAll } from './checks/all.js';
import type { Findings } from './checks/all.js';
import { Evidence } from './evidence.js';
import { WATCHED } from './history.js';
import { createLockCast } from './lock-cast.js';
import { countsText, violationsText } from './report.js';
import type { CheckSettings } from './settings.js';

export interface Outcome {
  readonly findings: Findings;
  /** For people. */
  readonly counts: string;
  /** Empty when nothing is wrong. */
  readonly violations: string;
}

export async function runLockChecker(settings: CheckSettings): Promise<Outcome> {
  const calls: Call[] = [];
  const observation = await observe(settings, WATCHED, (scene) =>
    createLockCast(settings, scene, calls),
  );
  const evidence = new Evidence({ ...observation, calls });
  const findings = checkAll(evidence);
  const frame = { ...observation, seed: settings.seed };
  return {
    findings,
    counts: countsText(evidence, findings, frame),
    violations: violationsText(evidence, findings, frame),
  };
}
