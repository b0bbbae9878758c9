// How long and how wild a run is. The short form is part of every test run, the long one a command of its own.
import type { ObservationSettings } from '../harness/observation.js';
import type { Span } from '../harness/random.js';

export interface CheckSettings extends ObservationSettings {
  readonly hotClients: number;
  readonly spreadClients: number;
  readonly spreadLocks: number;
  /** Of a client between two acquisitions. */
  readonly hotPauseMs: Span;
  readonly spreadPauseMs: Span;
  readonly ttlSeconds: Span;
  readonly waitMs: Span;
  /** Without a ttl, queued with a token that nobody knows: takes 30 s to go when its gateway dies. */
  readonly hasUnknownPermanents: boolean;
}

const SHORT_SECONDS = 12;
const LONG_FROM_SECONDS = 30;

/** `LOCK_CHECKER_SECONDS` and `LOCK_CHECKER_SEED` of the environment; the short form, and any seed, without them. */
export function readSettings(env: NodeJS.ProcessEnv): CheckSettings {
  const seconds = numberOf(env.LOCK_CHECKER_SECONDS) ?? SHORT_SECONDS;
  return settingsFor(seconds, numberOf(env.LOCK_CHECKER_SEED) ?? Date.now() % 1_000_000);
}

/** Faults and clients as they fit into that time. */
export function settingsFor(seconds: number, seed: number): CheckSettings {
  const isLong = seconds >= LONG_FROM_SECONDS;
  return {
    seed,
    runMs: seconds * 1000,
    hotClients: 50,
    spreadClients: 200,
    spreadLocks: 40,
    hotPauseMs: [20, 400],
    spreadPauseMs: [500, 5_000],
    ttlSeconds: isLong ? [5, 10] : [5, 7],
    waitMs: isLong ? [1_000, 12_000] : [1_000, 6_000],
    memberGapMs: isLong ? [1_000, 6_000] : [600, 1_500],
    replicaGapMs: isLong ? [6_000, 15_000] : [3_000, 6_000],
    downMs: isLong ? [500, 6_000] : [500, 3_000],
    disturbedShare: 0.01,
    // The others are over before anything depends on them.
    disturbedKinds: ['grant', 'revoke', 'keepalive', 'look', 'enter', 'touch', 'delete'],
    hasUnknownPermanents: isLong,
  };
}

/** Of a variable of the environment; undefined when it is not set. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text} is no number of any use`);
  return value;
}
