// The whole run: starts the system, lets clients and faults loose on it, waits until all is quiet, and judges what was seen.
import { setMaxListeners } from 'node:events';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import type { Call } from './call.js';
import { checkAll } from './checks/all.js';
import type { Findings } from './checks/all.js';
import { Door } from '../laboratory/door.js';
import type { Reply } from '../laboratory/door.js';
import { Evidence } from './evidence.js';
import { causeFaults, unlessAborted } from '../laboratory/faults.js';
import { HistoryRecorder } from './history-recorder.js';
import { LockUser } from './lock-user.js';
import { Random } from '../laboratory/random.js';
import { countsText, violationsText } from './report.js';
import { RevisionProbe } from '../laboratory/revision-probe.js';
import type { CheckSettings } from './settings.js';
import { System } from '../laboratory/system.js';
import { visit } from './visit.js';
import { Visitors } from './visitors.js';

/** What is abandoned has a ttl, and 30 s at the most; a new leader may start its clock again. */
const QUIET_MS_MAX = 60_000;
const QUIET_POLL_MS = 100;
const CAUGHT_UP_MS_MAX = 15_000;
/** Answers of one kind and status that are held against the document, each of which takes a while. */
const VALIDATED_OF_A_KIND = 3;

export interface Outcome {
  readonly findings: Findings;
  /** For people. */
  readonly counts: string;
  /** Empty when nothing is wrong. */
  readonly violations: string;
}

export async function runLockChecker(settings: CheckSettings): Promise<Outcome> {
  const system = await System.start();
  try {
    return await observe(system, settings);
  } finally {
    await system.stop();
  }
}

async function observe(system: System, settings: CheckSettings): Promise<Outcome> {
  const { endpoints } = system.cluster;
  const random = new Random(settings.seed);
  const startedAt = performance.now();
  const probe = new RevisionProbe(endpoints, (revision) => recorder.expect(revision));
  const recorder: HistoryRecorder = new HistoryRecorder(endpoints, 1);
  const doors = system.baseUrls.map((url) => new Door(url));
  const calls: Call[] = [];
  let runEndedAt: number;
  try {
    probe.start();
    runEndedAt = await disturbedRun(system, settings, random, { calls, doors, recorder });
    await untilQuiet(recorder);
    await recorder.caughtUp(await probe.read(), CAUGHT_UP_MS_MAX);
  } finally {
    await probe.stop();
    recorder.stop();
    for (const door of doors) door.close();
  }
  const evidence = new Evidence({
    events: recorder.events,
    probes: probe.probes,
    calls,
    faults: system.faults,
    elections: probe.elections,
    endedAt: performance.now(),
  });
  const findings = checkAll(evidence);
  const frame = { seed: settings.seed, startedAt, runEndedAt };
  return {
    findings,
    counts: countsText(evidence, findings, frame),
    violations: violationsText(evidence, findings, frame),
  };
}

interface Scene {
  readonly calls: Call[];
  readonly doors: readonly Door[];
  readonly recorder: HistoryRecorder;
}

/** Resolves when every client has come to an end and what has no ttl is released, with the time at which they ceased to begin anew. */
async function disturbedRun(
  system: System,
  settings: CheckSettings,
  random: Random,
  { calls, doors, recorder }: Scene,
): Promise<number> {
  const notebook = { calls, deviationOf: createDocumentCheck() };
  const over = new AbortController();
  // Each client listens to it while he pauses.
  setMaxListeners(0, over.signal);
  const visitors = new Visitors({
    settings,
    random: random.fork('visitors'),
    signal: over.signal,
    alive: recorder.alive,
    visit,
    pickReplica: (chance) => system.pickReplica(chance),
    createUser: (name) => new LockUser(name, doors, notebook),
  });
  const faults = causeFaults(system, settings, random.fork('faults'), over.signal);
  const visits = visitors.run();
  try {
    // Only a mistake of the checker's own ends the others before.
    await Promise.race([unlessAborted(settings.runMs, over.signal), faults, visits]);
  } finally {
    over.abort();
  }
  const endedAt = performance.now();
  await Promise.all([faults, visits]);
  await visitors.cleanUp();
  return endedAt;
}

/** Resolves when no entry is there any more, or the limit is over: the checks say what is left then. */
async function untilQuiet(recorder: HistoryRecorder): Promise<void> {
  const deadline = performance.now() + QUIET_MS_MAX;
  while (recorder.alive.size > 0 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
}

/** Holds the first answers of each kind against the OpenAPI document. */
function createDocumentCheck(): (operation: string, reply: Reply) => string | undefined {
  const seen = new Map<string, number>();
  return (operation, reply) => {
    const kind = `${operation} ${reply.status}`;
    const count = seen.get(kind) ?? 0;
    seen.set(kind, count + 1);
    if (count >= VALIDATED_OF_A_KIND) return undefined;
    try {
      expectDocumentedResponse(operation, reply);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}
