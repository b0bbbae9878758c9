// A lock that is held as long as a connection is open: waits, acquires, renews, and emits events. It detects a lost client only as fast as
// TCP does; `confirmEverySeconds` detects it sooner.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../core/caller.js';
import { invalidRequest } from '../../core/errors.js';
import type { LockResource } from '../contention/key.js';
import { DEFAULT_TTL_SECONDS } from '../contention/lease-policy.js';
import { checkLockRequest } from '../contention/limits.js';
import { inspectQueue } from '../contention/queue-reads.js';
import { RenewalLoop, renewOnce } from '../contention/renewal.js';
import { isAccessDenied } from '../rights/denial.js';
import { checkRights } from '../rights/etcd-users/check-rights.js';
import { createAcquisition } from './locks.js';
import type { AcquiredLock, LockDeps, LockRequest } from './locks.js';
import type { WaiterView } from './view.js';

export type HoldEvent =
  /** `null`: the read failed. In a long queue the position is the one at the start of the wait. */
  | { readonly kind: 'waiting'; readonly position: WaiterView['position'] | null }
  | { readonly kind: 'acquired'; readonly acquired: AcquiredLock }
  /** `ended`: the entry no longer exists; `expired`: it was not renewed in time; `unconfirmed`: the client did not confirm. */
  | { readonly kind: 'lost'; readonly reason: 'ended' | 'expired' | 'unconfirmed' }
  | { readonly kind: 'draining' };

export interface HoldRequest extends LockRequest {
  /** Absent: the hold waits until the client disconnects. */
  readonly waitSeconds?: number | undefined;
  /** The client must call keepalive this often or it loses the lock. For connections that fail silently. */
  readonly confirmEverySeconds?: number | undefined;
}

/** Allows for the duration of the confirming request, because etcd counts whole seconds. */
const CONFIRM_SLACK_SECONDS = 1;
const CHECKS_PER_TTL = 4;
const CHECK_MS_MAX = 10_000;
const CHECK_TIMEOUT_MS = 5_000;
/** Pause after a read that failed. */
const READ_RETRY_MS = 250;

/**
 * Resolves when the hold ends: the lock is lost, the gateway drains, or the client disconnects. Throws what `acquireLock` throws until the
 * lock is acquired. Throws `permission-denied` or `unauthenticated` if the client loses the right to hold, at once if its API token is
 * revoked. In all cases the entry is removed, except when the gateway drains: then it is left to its lease, so that the same token can
 * re-join it at another replica.
 */
export async function holdLock(
  caller: Caller,
  deps: LockDeps,
  request: HoldRequest,
  emit: (event: HoldEvent) => void,
): Promise<void> {
  checkHold(deps, request);
  const { epoch } = deps.deletionWatches;
  const waitMs = request.waitSeconds === undefined ? Infinity : request.waitSeconds * 1000;
  let latestRead = 0;
  const emitPosition = (createRevision: number): void => {
    const read = ++latestRead;
    void positionOf(caller, deps, acquisition.resource, createRevision).then((position) => {
      // Drops the position of a slow read after a newer read, and after the wait.
      if (read === latestRead) emit({ kind: 'waiting', position });
    });
  };
  const acquisition = await createAcquisition(caller, deps, request, waitMs, emitPosition);
  const acquired = await deps.waiterLimiter
    .run(`locks/${request.name}`, () => acquisition.acquire())
    .finally(() => latestRead++);
  emit({ kind: 'acquired', acquired });
  const { confirmEverySeconds } = request;
  const hold = new ActiveHold(
    caller,
    deps,
    acquisition.resource,
    { acquired, epoch },
    confirmEverySeconds,
  );
  const end = await deps.holds
    .during(() => hold.waitForEnd())
    .catch((error: unknown) => {
      // Reports the error at once: without the client's rights the entry may last until its lease expires.
      void acquisition.abandon();
      throw error;
    });
  if (end === 'draining') emit({ kind: 'draining' });
  else await acquisition.abandon();
  if (end !== 'draining' && end !== 'disconnected') emit({ kind: 'lost', reason: end });
}

function checkHold(deps: LockDeps, request: HoldRequest): void {
  checkLockRequest(deps.lockLimits, request);
  if (request.ttlSeconds === null) {
    throw invalidRequest(
      '/ttl',
      'a hold requires a ttl; without one the lock would stay held if the gateway fails',
    );
  }
  const { confirmEverySeconds, ttlSeconds = DEFAULT_TTL_SECONDS, lease } = request;
  if (
    confirmEverySeconds !== undefined &&
    lease === undefined &&
    confirmEverySeconds >= ttlSeconds
  ) {
    throw invalidRequest(
      '/confirmEvery',
      `confirmEvery is ${confirmEverySeconds}; it must be shorter than ttl, because only the client renews`,
    );
  }
}

// Never throws: the position is informational, so a failed read must not end the wait.
async function positionOf(
  caller: Caller,
  deps: LockDeps,
  resource: LockResource,
  createRevision: number,
): Promise<number | null> {
  try {
    const reader = { ...caller, deadline: performance.now() + CHECK_TIMEOUT_MS };
    const queue = await inspectQueue(reader, deps.etcd, resource);
    const index = queue.waiters.findIndex((entry) => entry.createRevision === createRevision);
    if (index >= 0) return index + 1;
    // The entry is beyond what one inspection reads. When it was created, it was the last one.
    return (await inspectQueue(reader, deps.etcd, resource, createRevision)).queueLength;
  } catch {
    return null;
  }
}

type HoldEnd = 'disconnected' | 'draining' | Extract<HoldEvent, { kind: 'lost' }>['reason'];

/** A lock that was acquired, until the hold ends. */
class ActiveHold {
  readonly #caller: Caller;
  readonly #deps: LockDeps;
  readonly #resource: LockResource;
  readonly #acquired: AcquiredLock;
  readonly #epoch: number;
  readonly #confirmEverySeconds: number | undefined;
  #livesUntil: number;

  constructor(
    caller: Caller,
    deps: LockDeps,
    resource: LockResource,
    { acquired, epoch }: { readonly acquired: AcquiredLock; readonly epoch: number },
    confirmEverySeconds: number | undefined,
  ) {
    this.#caller = caller;
    this.#deps = deps;
    this.#resource = resource;
    this.#acquired = acquired;
    this.#epoch = epoch;
    this.#confirmEverySeconds = confirmEverySeconds;
    this.#livesUntil = acquired.lifetime?.livesUntil ?? Infinity;
  }

  async waitForEnd(): Promise<HoldEnd> {
    const { lease, lifetime } = this.#acquired;
    const { etcd } = this.#deps;
    const isRenewed =
      this.#confirmEverySeconds === undefined && lease !== undefined && lifetime !== undefined;
    const renewal = isRenewed
      ? new RenewalLoop(etcd, this.#caller.identity, lease, lifetime.ttlSeconds)
      : undefined;
    try {
      return await this.#watch(renewal);
    } finally {
      renewal?.stop();
    }
  }

  async #watch(renewal: RenewalLoop | undefined): Promise<HoldEnd> {
    const { deletionWatches, draining } = this.#deps;
    const { key, lifetime } = this.#acquired;
    const everySeconds = this.#confirmEverySeconds ?? lifetime?.ttlSeconds ?? Infinity;
    let at = { revision: this.#acquired.createRevision, epoch: this.#epoch };
    for (;;) {
      const woken = await deletionWatches.wait(this.#caller.identity, this.#resource, {
        keys: [key],
        ...at,
        timeoutMs: Math.min(CHECK_MS_MAX, (everySeconds * 1000) / CHECKS_PER_TTL),
        signals: [this.#caller.signal, draining],
      });
      if (this.#caller.signal.aborted) return 'disconnected';
      if (draining.aborted) return 'draining';
      this.#livesUntil = Math.max(this.#livesUntil, renewal?.lifetime?.livesUntil ?? 0);
      if (woken === 'timeout') await this.#checkRights();
      const { epoch } = deletionWatches;
      const seen = woken === 'timeout' ? at.revision : await this.#readRevision();
      if (seen === 'lost') return 'ended';
      if (seen === undefined) await pause(READ_RETRY_MS);
      else if (woken !== 'timeout') at = { revision: seen, epoch };
      const end = await this.#checkLifetime();
      if (end !== undefined) return end;
    }
  }

  /**
   * Checks the rights of an etcd user, who could otherwise keep a lock indefinitely after losing the right to it: etcd does not check
   * the user of a lease renewal. For API tokens the gateway is notified of changes.
   */
  async #checkRights(): Promise<void> {
    if (this.#caller.identity.login === undefined) return;
    const { key } = this.#acquired;
    try {
      await checkRights(this.#stepCaller(), this.#deps.etcd, [{ kind: 'put', put: { key } }]);
    } catch (error) {
      if (isAccessDenied(error)) throw error;
    }
  }

  /** Returns a revision at which the entry existed; `undefined` if the read failed. Throws if the client may not read. */
  async #readRevision(): Promise<number | 'lost' | undefined> {
    try {
      const { kvs, header } = await this.#deps.etcd.range(this.#stepCaller(), {
        key: this.#acquired.key,
      });
      return kvs[0]?.createRevision === this.#acquired.createRevision ? header.revision : 'lost';
    } catch (error) {
      if (isAccessDenied(error)) throw error;
      return undefined;
    }
  }

  async #checkLifetime(): Promise<HoldEnd | undefined> {
    if (this.#confirmEverySeconds !== undefined)
      return this.#checkConfirmed(this.#confirmEverySeconds);
    if (performance.now() < this.#livesUntil || this.#acquired.lease === undefined)
      return undefined;
    try {
      const { lease, key } = this.#acquired;
      const lifetime = await renewOnce(this.#stepCaller(), this.#deps.etcd, lease, key);
      if (lifetime === undefined) return 'ended';
      this.#livesUntil = lifetime.livesUntil;
      return undefined;
    } catch {
      return 'expired';
    }
  }

  // The client may confirm at any replica, so the remaining ttl of the lease shows when it last confirmed.
  async #checkConfirmed(everySeconds: number): Promise<HoldEnd | undefined> {
    const { lease } = this.#acquired;
    if (lease === undefined) return undefined;
    try {
      const { ttlSeconds, grantedTtlSeconds } = await this.#deps.etcd.leaseTimeToLive(
        this.#stepCaller(),
        lease,
        false,
      );
      if (ttlSeconds === undefined) return await this.#checkEntry();
      this.#livesUntil = performance.now() + ttlSeconds * 1000;
      return grantedTtlSeconds - ttlSeconds > everySeconds + CONFIRM_SLACK_SECONDS
        ? 'unconfirmed'
        : undefined;
    } catch {
      return performance.now() < this.#livesUntil ? undefined : 'expired';
    }
  }

  /** For a lease that one member denies, which proves nothing (leases/lease-calls.ts): only the entry does. */
  async #checkEntry(): Promise<HoldEnd | undefined> {
    const seen = await this.#readRevision();
    if (seen === 'lost') return 'ended';
    return seen !== undefined || performance.now() < this.#livesUntil ? undefined : 'expired';
  }

  #stepCaller(): Caller {
    return { ...this.#caller, deadline: performance.now() + CHECK_TIMEOUT_MS };
  }
}
