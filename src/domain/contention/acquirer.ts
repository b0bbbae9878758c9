// One connection's acquisition: read the queue, enter or re-join, wait, confirm, convert, or clean up. Any request may be lost, repeated
// late or interrupted; the comments state the consequences. The safety depends on the order of the steps.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import type { KeyValue } from '../../etcd/wire.js';
import { isOwnLease } from '../leases/lease-id.js';
import { withOutcomeNotApplied, withOutcomeUnknown } from '../../etcd/calls/outcome.js';
import { clientDisconnected, entryLost, noResponse, tokenInUse } from './acquire-errors.js';
import { stepCaller, withAttemptTimeout } from './acquire-spec.js';
import type { AcquireContext, AcquireSpec, ContentionDeps, EntryState } from './acquire-spec.js';
import { convertLease } from './conversion.js';
import { EntryCleanup } from './entry-cleanup.js';
import { EntryLeases } from './entry-leases.js';
import { enterQueue, readEntry, readQueue, rejoin, tryEnter } from './entry-transactions.js';
import type { EnterResult, QueueSnapshot } from './entry-transactions.js';
import { entryTtlSeconds, finalLease, rejoinedLeasePolicy } from './lease-policy.js';
import type { LeasePolicy } from './lease-policy.js';
import { QUEUE_TTL_SECONDS_MIN } from './limits.js';
import { RenewalLoop, isFresh, renewOnce, toLifetime } from './renewal.js';
import type { Lifetime } from './renewal.js';
import { readQueueStatus, waitUntilHolder } from './wait.js';

export interface HeldEntry {
  /** The fencing token. */
  readonly createRevision: number;
  /** The value in etcd. For a re-joined entry, the connection that created it wrote the value. */
  readonly value: Buffer;
  /** The lease that the entry is attached to; undefined: it lasts until it is released. */
  readonly lease: string | undefined;
  /** Undefined: the entry lasts until it is released. */
  readonly lifetime: Lifetime | undefined;
}

const ENTER_ATTEMPTS_MAX = 6;
/** Each attempt except the last one lost a race with another connection of the same token. */
const JOIN_ATTEMPTS_MAX = 64;
/**
 * Maximum age of a read of the entry when "acquired" is returned. A request can take seconds while etcd elects a leader. Meanwhile
 * another client may have broken the lock by force: "acquired" would then be reported while the next holder has the lock.
 */
const CONFIRMATION_MS = 500;

export class Acquirer {
  readonly #context: AcquireContext;
  readonly #leases: EntryLeases;
  readonly #cleanup: EntryCleanup;
  #leasePolicy: LeasePolicy;
  #entry: EntryState | undefined;
  #hasSeenEntry = false;
  /** An entry was created or re-joined, or the outcome is unknown. */
  #mayHaveEntered = false;
  #renewal: RenewalLoop | undefined;
  /** `performance.now()` of the last proof that the entry existed. For an entry that was put: when the request was sent. */
  #confirmedAt = 0;

  constructor(caller: Caller, deps: ContentionDeps, spec: AcquireSpec) {
    this.#context = { caller, deps, spec, startedAt: performance.now() };
    this.#leasePolicy = spec.leasePolicy;
    this.#leases = new EntryLeases(deps.etcd);
    this.#cleanup = new EntryCleanup(this.#context, this.#leases);
  }

  /**
   * Resolves when this connection holds. Throws the refusal of the spec, `already-exists`, `lock-expired`, `shutting-down`, or an error of
   * etcd. Before it throws, it removes its entry and leases, unless another connection may use them.
   */
  async acquire(): Promise<HeldEntry> {
    try {
      const held = await this.#acquire();
      // Until the first byte of the response is sent, no client uses the entry.
      if (this.#context.caller.signal.aborted) throw clientDisconnected();
      return held;
    } catch (error) {
      await this.abandon();
      throw this.#withOutcome(error);
    } finally {
      this.#renewal?.stop();
    }
  }

  /** Adds the outcome of the acquisition to an error, even to the error of a read. */
  #withOutcome(error: unknown): unknown {
    if (!(error instanceof GatewayError) || error.code === 'shutting-down') return error;
    // The deadline of a step is not the client's deadline: for the client etcd did not respond.
    const isLateStep = error.code === 'timeout' && this.#context.spec.waitMs > 0;
    // With a chosen token the leases of unconfirmed enters outlive the response: a refusal would be wrong if one is applied later.
    const isUndecided = error.code === 'lock-held' && this.#leases.hasUnconfirmedEnter;
    const reported = isLateStep || isUndecided ? noResponse(error) : error;
    return this.#mayHaveEntered ? withOutcomeUnknown(reported) : withOutcomeNotApplied(reported);
  }

  /** Removes the entry, for example when the connection of a hold ends. Never rejects. */
  async abandon(): Promise<void> {
    await this.#cleanup.run(this.#entry);
  }

  async #acquire(): Promise<HeldEntry> {
    const { spec, deps } = this.#context;
    const { isConfirmed, entry } =
      spec.waitMs === 0
        ? await this.#createOrJoin()
        : await deps.enterSemaphore.run(() => this.#createOrJoin());
    this.#entry = entry;
    if (!isConfirmed) {
      if (entry.lease !== undefined && isOwnLease(entry.lease)) this.#startRenewal(entry.lease);
      await waitUntilHolder(this.#context, entry.createRevision);
      this.#confirmedAt = performance.now();
    }
    return this.#finish(entry);
  }

  /** Reads the queue, then creates the entry or re-joins the one that the token has. */
  async #createOrJoin(): Promise<{ entry: EntryState; isConfirmed: boolean }> {
    const { deps, spec, caller } = this.#context;
    let queue = await readQueue(stepCaller(this.#context), deps.etcd, spec.keys);
    for (let enters = 0, joins = 0; enters < ENTER_ATTEMPTS_MAX && joins < JOIN_ATTEMPTS_MAX;) {
      if (caller.signal.aborted) throw clientDisconnected();
      if (queue.otherMode !== undefined) throw tokenInUse('in the other mode');
      if (queue.own !== undefined) {
        joins++;
        const entry = await this.#join(queue, queue.own);
        if (entry !== undefined) return { entry, isConfirmed: false };
      } else {
        // A connection that saw the entry never enters again: the entry may have been released meanwhile.
        if (this.#hasSeenEntry) throw entryLost();
        if (spec.waitMs === 0 && this.#isBlocked(queue)) throw await spec.createRefusal(queue, 0);
        enters++;
        const result = await this.#enter(enters);
        if (result?.kind === 'put') {
          // Without a wait, the put itself proves that the entry holds.
          return { entry: this.#created(result.createRevision), isConfirmed: spec.waitMs === 0 };
        }
        if (result !== undefined) {
          queue = result.queue;
          continue;
        }
      }
      queue = await readQueue(stepCaller(this.#context), deps.etcd, spec.keys);
    }
    throw noResponse();
  }

  /** Re-joins the entry that the token has. Returns `undefined` if the entry changed meanwhile: read the queue again. */
  async #join(queue: QueueSnapshot, own: KeyValue): Promise<EntryState | undefined> {
    const { spec, deps } = this.#context;
    this.#hasSeenEntry = true;
    this.#leases.confirmEnter(own.lease);
    if (!spec.isSameAcquisition(own)) throw tokenInUse('by another owner');
    this.#leasePolicy = rejoinedLeasePolicy(own, spec.requestedPolicyOf(own) ?? spec.leasePolicy);
    const { createRevision, modRevision, lease, value } = own;
    const entry = {
      createRevision,
      value,
      lastWriteRevision: modRevision,
      lease,
      isRejoined: false,
    };
    if (!spec.isTokenChosen) return entry;
    // A request that does not wait leaves a queued entry as it is.
    if (
      spec.waitMs === 0 &&
      (await readQueueStatus(this.#context, createRevision)).kind === 'waiting'
    )
      throw await spec.createRefusal(queue, 0);
    this.#mayHaveEntered = true;
    const caller = withAttemptTimeout(stepCaller(this.#context), 1);
    const result = await rejoin(caller, deps.etcd, spec.keys.own, modRevision).catch(
      (error: unknown) => {
        throw outcomeOf(error) === 'unknown' ? noResponse(error) : error;
      },
    );
    if (result.kind === 'changed') return undefined;
    const isOwnEnter =
      lease !== undefined && this.#leases.has(lease) && modRevision === createRevision;
    return { ...entry, lastWriteRevision: result.revision, isRejoined: !isOwnEnter };
  }

  /** Puts the entry on a lease of its own. Returns `undefined` without a response: the next attempt enters on another lease. */
  async #enter(attempt: number): Promise<EnterResult | undefined> {
    const { keys, value, waitMs } = this.#context.spec;
    const { etcd } = this.#context.deps;
    const { lease } = await this.#leases.grant(
      stepCaller(this.#context),
      entryTtlSeconds(this.#leasePolicy),
    );
    if (waitMs > 0) this.#startRenewal(lease);
    try {
      const enter = waitMs === 0 ? tryEnter : enterQueue;
      this.#confirmedAt = performance.now();
      const caller = withAttemptTimeout(stepCaller(this.#context), attempt);
      const result = await enter(caller, etcd, keys, value, lease);
      if (result.kind === 'put') this.#mayHaveEntered = true;
      return result;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'lease-not-found') throw entryLost();
      if (outcomeOf(error) !== 'unknown') throw error;
      this.#mayHaveEntered = true;
      this.#leases.markEnterUnconfirmed();
      // Without a wait and after the deadline, no time is left to read the outcome.
      if (waitMs === 0 && this.#context.caller.deadline <= performance.now()) throw error;
      return undefined;
    }
  }

  #created(createRevision: number): EntryState {
    const { value } = this.#context.spec;
    const lease = this.#leases.granted?.lease;
    return { createRevision, value, lastWriteRevision: createRevision, lease, isRejoined: false };
  }

  #isBlocked(queue: QueueSnapshot): boolean {
    const isExclusive = this.#context.spec.keys.mode === 'exclusive';
    return isExclusive ? queue.first !== undefined : queue.hasExclusive;
  }

  /** Renews the lease before the entry exists: entering can take longer than a short ttl while etcd elects a leader. */
  #startRenewal(lease: string): void {
    if (this.#renewal?.lease === lease) return;
    this.#renewal?.stop();
    const { deps, caller } = this.#context;
    const isNew = this.#leases.granted?.lease === lease;
    const ttlSeconds = isNew ? entryTtlSeconds(this.#leasePolicy) : QUEUE_TTL_SECONDS_MIN;
    this.#renewal = new RenewalLoop(deps.etcd, caller.identity, lease, ttlSeconds, isNew);
  }

  /** Converts the entry, revokes the leases that it does not need, and ensures a full ttl before the response. */
  async #finish(entry: EntryState): Promise<HeldEntry> {
    const { createRevision, value } = entry;
    const lease = finalLease(this.#leasePolicy, entry.lease);
    if (entry.lease !== lease) {
      const enteredOn = entry.lease;
      this.#cleanup.isConverting = true;
      await convertLease(this.#context, entry, lease);
      this.#confirmedAt = performance.now();
      this.#leases.adopt(enteredOn);
    }
    // Before "acquired" is returned, so that a late request finds no lease to put the entry on.
    await this.#leases.revokeAllExcept(stepCaller(this.#context), lease);
    if (lease === undefined) {
      await this.#confirmAgain(entry);
      return { createRevision, value, lease, lifetime: undefined };
    }
    const lifetime = await this.#ensureFullLifetime(lease);
    if (lifetime === undefined) throw entryLost();
    return { createRevision, value, lease, lifetime };
  }

  get #isConfirmationOld(): boolean {
    return performance.now() - this.#confirmedAt > CONFIRMATION_MS;
  }

  async #confirmAgain({ createRevision }: EntryState): Promise<void> {
    if (!this.#isConfirmationOld) return;
    const { deps, spec } = this.#context;
    const own = await readEntry(stepCaller(this.#context), deps.etcd, spec.keys.own);
    if (own?.createRevision !== createRevision) throw entryLost();
  }

  async #ensureFullLifetime(lease: string): Promise<Lifetime | undefined> {
    const { granted } = this.#leases;
    const lifetime =
      granted?.lease === lease && this.#renewal === undefined ? toLifetime(granted) : undefined;
    if (lifetime !== undefined && isFresh(lifetime) && !this.#isConfirmationOld) return lifetime;
    const { deps, spec } = this.#context;
    return renewOnce(stepCaller(this.#context), deps.etcd, lease, spec.keys.own);
  }
}
