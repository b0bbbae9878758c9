// A lock that lasts as long as a connection: waits, holds, renews, and tells what happens. As good as TCP: who needs more asks the
// caller to confirm.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../core/caller.js';
import { invalidRequest } from '../../core/errors.js';
import { checkRights } from '../rights/etcd-users/check-rights.js';
import type { WaiterView } from './view.js';
import { isAccessDenied } from '../rights/denial.js';
import { inspectQueue } from '../contention/inspect.js';
import type { Arena } from '../contention/key.js';
import { RenewalLoop, renewOnce } from '../contention/renewal.js';
import { checkLockRequest } from '../contention/limits.js';
import { createCandidacy } from './locks.js';
import type { Acquired, LockDeps, LockRequest } from './locks.js';
import { DEFAULT_TTL_SECONDS } from '../contention/tenure-request.js';

export type HoldEvent =
  /** `null`: etcd did not say. Deep in a long queue it is the position at the beginning of the wait. */
  | { readonly kind: 'waiting'; readonly position: WaiterView['position'] | null }
  | { readonly kind: 'acquired'; readonly acquired: Acquired }
  /** `ended`: the entry is gone; `expired`: it could not be renewed in time; `unconfirmed`: the caller did not confirm. */
  | { readonly kind: 'lost'; readonly reason: 'ended' | 'expired' | 'unconfirmed' }
  | { readonly kind: 'draining' };

export interface HoldRequest extends LockRequest {
  /** Without it the hold waits until the caller goes. */
  readonly waitSeconds?: number | undefined;
  /** The caller calls keepalive this often, else he loses the lock: for connections that die silently. */
  readonly confirmEverySeconds?: number | undefined;
}

/** Room for the request that confirms, beside whole seconds of etcd's clock. */
const CONFIRM_SLACK_SECONDS = 1;
const CHECKS_PER_TTL = 4;
const CHECK_MS_MAX = 10_000;
const CHECK_TIMEOUT_MS = 5_000;
/** After a look that etcd did not answer. */
const LOOK_AGAIN_MS = 250;

/**
 * Resolves when the hold is over: lost, draining, or its caller gone. Throws what `acquireLock` throws while nothing was acquired, and
 * `permission-denied` or `unauthenticated` when its caller has lost the right to hold: at once, for one whose API token is withdrawn. The
 * connection is the holding: whatever ended it, the entry is given up, unless the gateway drains: then it is left to its lease, so that
 * the same token finds it at another replica.
 */
export async function holdLock(
  caller: Caller,
  deps: LockDeps,
  request: HoldRequest,
  emit: (event: HoldEvent) => void,
): Promise<void> {
  checkHold(deps, request);
  const { epoch } = deps.pictures;
  const waitMs = request.waitSeconds === undefined ? Infinity : request.waitSeconds * 1000;
  let latestLook = 0;
  const tellPosition = (createRevision: number): void => {
    const look = ++latestLook;
    void positionOf(caller, deps, candidacy.arena, createRevision).then((position) => {
      // A slow look says nothing after a later one, nor once the wait is over, however it ended.
      if (look === latestLook) emit({ kind: 'waiting', position });
    });
  };
  const candidacy = await createCandidacy(caller, deps, request, waitMs, tellPosition);
  const acquired = await deps.waitingRoom
    .hold(`locks/${request.name}`, () => candidacy.acquire())
    .finally(() => latestLook++);
  emit({ kind: 'acquired', acquired });
  const { confirmEverySeconds } = request;
  const holding = new Holding(
    caller,
    deps,
    candidacy.arena,
    { acquired, epoch },
    confirmEverySeconds,
  );
  const end = await deps.holds
    .during(() => holding.untilEnd())
    .catch((error: unknown) => {
      // He is told at once: without his rights the entry may have to wait for the end of its lease.
      void candidacy.leave();
      throw error;
    });
  if (end === 'draining') emit({ kind: 'draining' });
  else await candidacy.leave();
  if (end !== 'draining' && end !== 'gone') emit({ kind: 'lost', reason: end });
}

function checkHold(deps: LockDeps, request: HoldRequest): void {
  checkLockRequest(deps.lockLimits, request);
  if (request.ttlSeconds === null) {
    throw invalidRequest(
      '/ttl',
      'a hold needs a ttl: without one, a gateway that dies would take the lock with it',
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
      'confirmEvery must be shorter than ttl: only the caller renews then',
    );
  }
}

// The position is for people; a read that fails is no reason to end the wait.
async function positionOf(
  caller: Caller,
  deps: LockDeps,
  arena: Arena,
  createRevision: number,
): Promise<number | null> {
  try {
    const reader = { ...caller, deadline: performance.now() + CHECK_TIMEOUT_MS };
    const queue = await inspectQueue(reader, deps.etcd, arena);
    const index = queue.waiters.findIndex((entry) => entry.createRevision === createRevision);
    if (index >= 0) return index + 1;
    // Deeper than one look reads: it was the last one when it came.
    return (await inspectQueue(reader, deps.etcd, arena, createRevision)).queueLength;
  } catch {
    return null;
  }
}

type End = 'gone' | 'draining' | Extract<HoldEvent, { kind: 'lost' }>['reason'];

/** What is held, until it is not. */
class Holding {
  readonly #caller: Caller;
  readonly #deps: LockDeps;
  readonly #arena: Arena;
  readonly #acquired: Acquired;
  readonly #epoch: number;
  readonly #confirmEverySeconds: number | undefined;
  #livesUntil: number;

  constructor(
    caller: Caller,
    deps: LockDeps,
    arena: Arena,
    { acquired, epoch }: { readonly acquired: Acquired; readonly epoch: number },
    confirmEverySeconds: number | undefined,
  ) {
    this.#caller = caller;
    this.#deps = deps;
    this.#arena = arena;
    this.#acquired = acquired;
    this.#epoch = epoch;
    this.#confirmEverySeconds = confirmEverySeconds;
    this.#livesUntil = acquired.lifetime?.livesUntil ?? Infinity;
  }

  async untilEnd(): Promise<End> {
    const { lease, lifetime } = this.#acquired;
    const { etcd } = this.#deps;
    const renews =
      this.#confirmEverySeconds === undefined && lease !== undefined && lifetime !== undefined;
    const renewal = renews
      ? new RenewalLoop(etcd, this.#caller.identity, lease, lifetime.ttlSeconds)
      : undefined;
    try {
      return await this.#watch(renewal);
    } finally {
      renewal?.stop();
    }
  }

  async #watch(renewal: RenewalLoop | undefined): Promise<End> {
    const { pictures, draining } = this.#deps;
    const { key, lifetime } = this.#acquired;
    const everySeconds = this.#confirmEverySeconds ?? lifetime?.ttlSeconds ?? Infinity;
    let at = { revision: this.#acquired.createRevision, epoch: this.#epoch };
    for (;;) {
      const woken = await pictures.wait(this.#caller.identity, this.#arena, {
        keys: [key],
        ...at,
        timeoutMs: Math.min(CHECK_MS_MAX, (everySeconds * 1000) / CHECKS_PER_TTL),
        signals: [this.#caller.signal, draining],
      });
      if (this.#caller.signal.aborted) return 'gone';
      if (draining.aborted) return 'draining';
      this.#livesUntil = Math.max(this.#livesUntil, renewal?.lifetime?.livesUntil ?? 0);
      if (woken === 'timeout') await this.#checkRights();
      const { epoch } = pictures;
      const seen = woken === 'timeout' ? at.revision : await this.#lookForOwn();
      if (seen === 'gone') return 'ended';
      if (seen === undefined) await pause(LOOK_AGAIN_MS);
      else if (woken !== 'timeout') at = { revision: seen, epoch };
      const end = await this.#checkTime();
      if (end !== undefined) return end;
    }
  }

  /**
   * A user of etcd could keep a lock for ever after his right to it was taken away: no etcd asks who renews a lease. Of API tokens the
   * gateway hears when they change.
   */
  async #checkRights(): Promise<void> {
    if (this.#caller.identity.login === undefined) return;
    const { key } = this.#acquired;
    try {
      await checkRights(this.#step(), this.#deps.etcd, [{ kind: 'put', put: { key } }]);
    } catch (error) {
      if (isAccessDenied(error)) throw error;
    }
  }

  /** The revision at which the entry was there; `undefined` when etcd does not say. Throws when the caller may not look. */
  async #lookForOwn(): Promise<number | 'gone' | undefined> {
    try {
      const { kvs, header } = await this.#deps.etcd.range(this.#step(), {
        key: this.#acquired.key,
      });
      return kvs[0]?.createRevision === this.#acquired.createRevision ? header.revision : 'gone';
    } catch (error) {
      if (isAccessDenied(error)) throw error;
      return undefined;
    }
  }

  async #checkTime(): Promise<End | undefined> {
    if (this.#confirmEverySeconds !== undefined)
      return this.#checkConfirmed(this.#confirmEverySeconds);
    if (performance.now() < this.#livesUntil || this.#acquired.lease === undefined)
      return undefined;
    try {
      const { lease, key } = this.#acquired;
      const lifetime = await renewOnce(this.#step(), this.#deps.etcd, lease, key);
      if (lifetime === undefined) return 'ended';
      this.#livesUntil = lifetime.livesUntil;
      return undefined;
    } catch {
      return 'expired';
    }
  }

  // The caller may confirm at any replica: how long ago he did, the lease's own clock tells.
  async #checkConfirmed(everySeconds: number): Promise<End | undefined> {
    const { lease } = this.#acquired;
    if (lease === undefined) return undefined;
    try {
      const { ttlSeconds, grantedTtlSeconds } = await this.#deps.etcd.leaseTimeToLive(
        this.#step(),
        lease,
        false,
      );
      if (ttlSeconds === undefined) return await this.#checkDenied();
      this.#livesUntil = performance.now() + ttlSeconds * 1000;
      return grantedTtlSeconds - ttlSeconds > everySeconds + CONFIRM_SLACK_SECONDS
        ? 'unconfirmed'
        : undefined;
    } catch {
      return performance.now() < this.#livesUntil ? undefined : 'expired';
    }
  }

  /** A member denies the lease. That is one member's word (leases/life.ts): the entry tells. */
  async #checkDenied(): Promise<End | undefined> {
    const seen = await this.#lookForOwn();
    if (seen === 'gone') return 'ended';
    return seen !== undefined || performance.now() < this.#livesUntil ? undefined : 'expired';
  }

  #step(): Caller {
    return { ...this.#caller, deadline: performance.now() + CHECK_TIMEOUT_MS };
  }
}
