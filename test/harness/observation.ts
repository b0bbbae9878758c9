// One run: clients and faults act on the system for a while, then it settles. Records the calls of the clients, etcd's own history, and
// the times at which etcd had each revision.
import { setMaxListeners } from 'node:events';
import { GatewayClient } from './gateway-client.js';
import type { Fault } from './fault.js';
import { causeFaults, pauseUnlessAborted } from './faults.js';
import type { FaultSettings } from './faults.js';
import { HistoryRecorder } from './history-recorder.js';
import type { WatchedRange } from './history-recorder.js';
import type { KeyEvent } from './key-event.js';
import { Random } from './random.js';
import type { Probe } from './revision-clock.js';
import { RevisionProbe } from './revision-probe.js';
import { System } from './system.js';

const CAUGHT_UP_MS_MAX = 15_000;

export interface ObservationSettings extends FaultSettings {
  readonly seed: number;
  /** How long clients start new calls and faults happen. The settling time is extra. */
  readonly runMs: number;
}

/** What a workload runs against. */
export interface WorkloadContext {
  readonly system: System;
  /** One client for each replica. */
  readonly clients: readonly GatewayClient[];
  readonly random: Random;
  /** Aborted when the run is over. Clients that pause then stop. */
  readonly signal: AbortSignal;
}

/** The clients of a run. */
export interface Workload {
  /** Called for each change in the order of the history. */
  readonly onEvent?: (event: KeyEvent) => void;
  /** Resolves when all clients have stopped, which they do after the signal. */
  run(): Promise<unknown>;
  /** Called when everything runs again. Resolves when the workload has settled. */
  settle(): Promise<void>;
}

export interface Observation {
  readonly events: readonly KeyEvent[];
  readonly probes: readonly Probe[];
  readonly faults: readonly Fault[];
  /** When a new leader was first seen. */
  readonly elections: readonly number[];
  readonly startedAt: number;
  /** When clients stopped to start new calls. */
  readonly runEndedAt: number;
  /** When the recording stopped. */
  readonly endedAt: number;
}

/** Runs a workload. `watched` must contain every key that any client writes, because other revisions count as lost. */
export async function observe(
  settings: ObservationSettings,
  watched: WatchedRange,
  createWorkload: (context: WorkloadContext) => Workload,
): Promise<Observation> {
  const system = await System.start();
  try {
    return await observeSystem(system, settings, watched, createWorkload);
  } finally {
    await system.stop();
  }
}

async function observeSystem(
  system: System,
  settings: ObservationSettings,
  watched: WatchedRange,
  createWorkload: (context: WorkloadContext) => Workload,
): Promise<Observation> {
  const { endpoints } = system.cluster;
  const random = new Random(settings.seed);
  const startedAt = performance.now();
  const over = new AbortController();
  // Each client that pauses adds a listener.
  setMaxListeners(0, over.signal);
  const clients = system.baseUrls.map((url) => new GatewayClient(url));
  const workload = createWorkload({ system, clients, random, signal: over.signal });
  const probe = new RevisionProbe(endpoints, (revision) => recorder.expect(revision));
  const recorder: HistoryRecorder = new HistoryRecorder(endpoints, watched, (event) =>
    workload.onEvent?.(event),
  );
  let runEndedAt: number;
  try {
    probe.start();
    runEndedAt = await runWorkload(workload, system, settings, random, over);
    await workload.settle();
    await recorder.caughtUp(await probe.read(), CAUGHT_UP_MS_MAX);
  } finally {
    await probe.stop();
    recorder.stop();
    for (const client of clients) client.close();
  }
  const { events } = recorder;
  const { probes, elections } = probe;
  const endedAt = performance.now();
  return { events, probes, faults: system.faults, elections, startedAt, runEndedAt, endedAt };
}

/** Returns when the clients stopped to start new calls. Resolves when they have stopped and everything runs. */
async function runWorkload(
  workload: Workload,
  system: System,
  settings: ObservationSettings,
  random: Random,
  over: AbortController,
): Promise<number> {
  const faults = causeFaults(system, settings, random.fork('faults'), over.signal);
  const clients = workload.run();
  try {
    // Only an error in the faults or the clients ends the run early.
    await Promise.race([pauseUnlessAborted(settings.runMs, over.signal), faults, clients]);
  } finally {
    over.abort();
  }
  const endedAt = performance.now();
  await Promise.all([faults, clients]);
  return endedAt;
}
