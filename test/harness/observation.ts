// One run: clients and faults are let loose on the system for a while, until all is quiet again, and everything that happens is written
// down: what the clients note themselves, the history as etcd tells it, the times at which etcd had which revision.
import { setMaxListeners } from 'node:events';
import { Door } from './door.js';
import type { Fault } from './fault.js';
import { causeFaults, unlessAborted } from './faults.js';
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
  /** How long clients begin anew and faults happen; the quiet end comes on top. */
  readonly runMs: number;
}

/** What the clients of a run find. */
export interface Scene {
  readonly system: System;
  /** One to each replica. */
  readonly doors: readonly Door[];
  readonly random: Random;
  /** Aborted when the time is over: whoever dawdles then comes to an end. */
  readonly signal: AbortSignal;
}

/** The clients of a run. */
export interface Cast {
  /** Hears of every change, in the order of the history. */
  readonly hear?: (event: KeyEvent) => void;
  /** Resolves when every client has come to an end, which they do after the signal. */
  run(): Promise<unknown>;
  /** Resolves when all is quiet, which it may become once everything runs again. */
  settle(): Promise<void>;
}

export interface Observation {
  readonly events: readonly KeyEvent[];
  readonly probes: readonly Probe[];
  readonly faults: readonly Fault[];
  /** When a new leader was first seen. */
  readonly elections: readonly number[];
  readonly startedAt: number;
  /** When no client began anew any more. */
  readonly runEndedAt: number;
  /** When the observer looked away. */
  readonly endedAt: number;
}

/** `watched` has to hold every key that anybody writes: revisions that it does not show count as lost. */
export async function observe(
  settings: ObservationSettings,
  watched: WatchedRange,
  createCast: (scene: Scene) => Cast,
): Promise<Observation> {
  const system = await System.start();
  try {
    return await observeSystem(system, settings, watched, createCast);
  } finally {
    await system.stop();
  }
}

async function observeSystem(
  system: System,
  settings: ObservationSettings,
  watched: WatchedRange,
  createCast: (scene: Scene) => Cast,
): Promise<Observation> {
  const { endpoints } = system.cluster;
  const random = new Random(settings.seed);
  const startedAt = performance.now();
  const over = new AbortController();
  // Each client listens to it while he pauses.
  setMaxListeners(0, over.signal);
  const doors = system.baseUrls.map((url) => new Door(url));
  const cast = createCast({ system, doors, random, signal: over.signal });
  const probe = new RevisionProbe(endpoints, (revision) => recorder.expect(revision));
  const recorder: HistoryRecorder = new HistoryRecorder(endpoints, watched, (event) =>
    cast.hear?.(event),
  );
  let runEndedAt: number;
  try {
    probe.start();
    runEndedAt = await perform(cast, system, settings, random, over);
    await cast.settle();
    await recorder.caughtUp(await probe.read(), CAUGHT_UP_MS_MAX);
  } finally {
    await probe.stop();
    recorder.stop();
    for (const door of doors) door.close();
  }
  const { events } = recorder;
  const { probes, elections } = probe;
  const endedAt = performance.now();
  return { events, probes, faults: system.faults, elections, startedAt, runEndedAt, endedAt };
}

/** Gives the time at which the clients ceased to begin anew; resolves when they have ended and everything runs. */
async function perform(
  cast: Cast,
  system: System,
  settings: ObservationSettings,
  random: Random,
  over: AbortController,
): Promise<number> {
  const faults = causeFaults(system, settings, random.fork('faults'), over.signal);
  const clients = cast.run();
  try {
    // Only a mistake of the clients' own ends the others before.
    await Promise.race([unlessAborted(settings.runMs, over.signal), faults, clients]);
  } finally {
    over.abort();
  }
  const endedAt = performance.now();
  await Promise.all([faults, clients]);
  return endedAt;
}
