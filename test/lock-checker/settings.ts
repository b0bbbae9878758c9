// The duration of a run, its clients and its faults. The short form is part of every test run, the long form is a command of its own.
import type { ObservationSettings } from '../harness/observation.js';
import type { Span } from '../harness/random.js';

export interface CheckSettings extends ObservationSettings {
  readonly hotClients: number;
  readonly spreadClients: number;
  readonly spreadLocks: number;
  /** The pause of a client between two acquisitions. */
  readonly hotPauseMs: Span;
  readonly spreadPauseMs: Span;
  readonly ttlSeconds: Span;
  readonly waitMs: Span;
  /** Acquisitions without a ttl and with a generated token. If their gateway dies while they queue, their entries expire after 30 s. */
  readonly hasUnknownPermanents: boolean;
}

const SHORT_SECONDS = 12;
const LONG_FROM_SECONDS = 30;

/** `LOCK_CHECKER_SECONDS` and `LOCK_CHECKER_SEED` of the environment; the defaults are the short form and a random seed. */
export function readSettings(env: NodeJS.ProcessEnv): CheckSettings {
  const seconds = numberOf(env.LOCK_CHECKER_SECONDS) ?? SHORT_SECONDS;
  return settingsFor(seconds, numberOf(env.LOCK_CHECKER_SEED) ?? Date.now() % 1_000_000);
}

/** Returns faults and clients that fit into that time. */
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
    // Nothing depends on the other kinds while they run.
    disturbedKinds: ['grant', 'revoke', 'keepalive', 'read', 'enter', 'update', 'delete'],
    hasUnknownPermanents: isLong,
  };
}

/** Parses an environment variable; undefined when it is not set. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text} is not a number of 0 or more`);
  return value;
}
