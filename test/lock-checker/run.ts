// Runs lock clients and faults against the system, then checks what was recorded.
import { observe } from '../harness/observation.js';
import type { Call } from './call.js';
import { checkAll } from './checks/all.js';
import type { Findings } from './checks/all.js';
import { Evidence } from './evidence.js';
import { WATCHED } from './history.js';
import { createLockWorkload } from './lock-workload.js';
import { countsText, violationsText } from './report.js';
import type { CheckSettings } from './settings.js';

export interface Outcome {
  readonly findings: Findings;
  /** Counts for the reader of the report. */
  readonly counts: string;
  /** Empty when no check failed. */
  readonly violations: string;
}

export async function runLockChecker(settings: CheckSettings): Promise<Outcome> {
  const calls: Call[] = [];
  const observation = await observe(settings, WATCHED, (context) =>
    createLockWorkload(settings, context, calls),
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
