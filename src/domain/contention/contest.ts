// What one connection wants of a lock or an election, and what the steps of its way share.
import type { Caller } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { KeyValue } from '../../etcd/wire.js';
import type { Background } from '../background.js';
import type { Pictures } from './picture.js';
import type { Place } from './key.js';
import type { Surroundings } from './steps.js';
import type { Tenure } from './tenure.js';
import type { Turnstile } from './turnstile.js';

export interface ContentionDeps {
  readonly etcd: EtcdClient;
  readonly background: Background;
  readonly pictures: Pictures;
  readonly turnstile: Turnstile;
  /** Aborted when the gateway begins to drain: who waits then leaves. */
  readonly draining: AbortSignal;
}

export interface Contest {
  readonly place: Place;
  readonly value: Buffer;
  readonly tenure: Tenure;
  /** A token that the gateway made is known to nobody else: whatever stands under its key is this connection's. */
  readonly isTokenChosen: boolean;
  /** 0: try once. Infinity: until the caller goes. */
  readonly waitMs: number;
  /** Whether an entry under the token's key is the same acquisition (same owner, say). */
  readonly isSame: (entry: KeyValue) => boolean;
  /** What the connection that made an entry wanted, as its value tells. */
  readonly wantedBy: (entry: KeyValue) => Tenure | undefined;
  /** The error for who may not wait (longer). */
  readonly refusal: (around: Surroundings, waitedMs: number) => Promise<GatewayError>;
  /** Told whenever a waiter has looked and goes on waiting. */
  readonly onWaiting?: ((createRevision: number) => void) | undefined;
}

/** The entry as this connection last knew it. */
export interface Standing {
  readonly createRevision: number;
  readonly value: Buffer;
  /** The mod revision that this connection's last write gave it. */
  lastWrite: number;
  lease: string | undefined;
  /** Another connection made it: it is not ours to delete. */
  readonly isRejoined: boolean;
}

/** One connection under way: who asks, what for, and since when. */
export interface Attempt {
  readonly caller: Caller;
  readonly deps: ContentionDeps;
  readonly contest: Contest;
  /** `performance.now()`. */
  readonly startedAt: number;
}

/** Steps of a waiter are bounded by this, not by his wait: etcd itself gives a write up after 7 s. */
const STEP_MS = 8_000;

/** A request's own deadline: that of the caller for a try, a fixed one for waiters. */
export function stepCaller({ caller, contest }: Attempt): Caller {
  return contest.waitMs === 0
    ? caller
    : { ...caller, trafficClass: 'waits', deadline: performance.now() + STEP_MS };
}
