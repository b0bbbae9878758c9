// What one connection requests from a lock or an election, and the state that its steps share.
import type { Caller } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { KeyValue } from '../../etcd/wire.js';
import type { Background } from '../background.js';
import type { Semaphore } from '../semaphore.js';
import type { DeletionWatches } from './deletion-watches.js';
import type { QueueSnapshot } from './entry-transactions.js';
import type { EntryKeys } from './key.js';
import type { LeasePolicy } from './lease-policy.js';

export interface ContentionDeps {
  readonly etcd: EtcdClient;
  readonly background: Background;
  readonly deletionWatches: DeletionWatches;
  /** Limits the waiters that enter a queue at the same time. */
  readonly enterSemaphore: Semaphore;
  /** Aborted when the gateway begins to drain: waiters then leave the queue. */
  readonly draining: AbortSignal;
}

export interface AcquireSpec {
  readonly keys: EntryKeys;
  readonly value: Buffer;
  readonly leasePolicy: LeasePolicy;
  /** Only this connection knows a token that the gateway generated: any entry under its key is this connection's. */
  readonly isTokenChosen: boolean;
  /** 0: try once. Infinity: wait until the client disconnects. */
  readonly waitMs: number;
  /** Whether an entry under the token's key belongs to the same acquisition. A lock compares the owner. */
  readonly isSameAcquisition: (entry: KeyValue) => boolean;
  /** The policy that the connection that created the entry requested, according to the entry's value. */
  readonly requestedPolicyOf: (entry: KeyValue) => LeasePolicy | undefined;
  /** Creates the error for a client that may not wait, or not any longer. */
  readonly createRefusal: (queue: QueueSnapshot, waitedMs: number) => Promise<GatewayError>;
  /** Called after each read of the queue that shows that the wait continues. */
  readonly onWaiting?: ((createRevision: number) => void) | undefined;
}

/** The entry as this connection last saw or wrote it. */
export interface EntryState {
  readonly createRevision: number;
  readonly value: Buffer;
  /** The mod revision of this connection's last write. */
  lastWriteRevision: number;
  lease: string | undefined;
  /** Another connection created the entry, so this one must not delete it. */
  readonly isRejoined: boolean;
}

/** One acquisition in flight. */
export interface AcquireContext {
  readonly caller: Caller;
  readonly deps: ContentionDeps;
  readonly spec: AcquireSpec;
  /** `performance.now()`. */
  readonly startedAt: number;
}

/** The deadline of one step of a waiter. etcd itself gives up a write after 7 s. */
const STEP_TIMEOUT_MS = 8_000;
/** A healthy member responds in milliseconds. After this silence the gateway also probes the member, and ejects it if it is down. */
const ATTEMPT_TIMEOUT_MS = 2_000;
/** Later attempts last until the deadline, so that a cluster that is slow as a whole can still respond. */
const TIMED_ATTEMPTS_MAX = 2;

/** Returns the caller for one step: with the deadline of the request for a try, with a deadline of its own for a waiter. */
export function stepCaller({ caller, spec }: AcquireContext): Caller {
  return spec.waitMs === 0
    ? caller
    : { ...caller, trafficClass: 'waits', deadline: performance.now() + STEP_TIMEOUT_MS };
}

/**
 * Returns the caller for one attempt of a step, counted from 1. The first attempts give up a silent member early, so that the step can be
 * repeated through another member. Only for steps that may be repeated.
 */
export function withAttemptTimeout(caller: Caller, attempt: number): Caller {
  return attempt > TIMED_ATTEMPTS_MAX
    ? caller
    : { ...caller, responseTimeoutMs: ATTEMPT_TIMEOUT_MS };
}
