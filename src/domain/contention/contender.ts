// One connection's way through a lock: look, enter or re-join, wait, confirm, convert, leave. Any request may be lost, repeated late or
// cut off; the comments say what then. The order of the steps is what the safety rests on.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import type { KeyValue } from '../../etcd/wire.js';
import { isOwnLease } from '../leases/lease-id.js';
import { withOutcomeNotApplied, withOutcomeUnknown } from '../../etcd/calls/outcome.js';
import { alreadyExists, gone, hungUp, noAnswer } from './contender-errors.js';
import { stepCaller } from './contest.js';
import type { Attempt, Contest, ContentionDeps, Standing } from './contest.js';
import { convertTo } from './conversion.js';
import { Departure } from './departure.js';
import { QUEUE_TTL_SECONDS_MIN } from './limits.js';
import { OwnLeases } from './own-leases.js';
import { impatient } from './patience.js';
import { RenewalLoop, isFresh, lifetimeOf, renewOnce } from './renewal.js';
import type { Lifetime } from './renewal.js';
import { enterOnce, lookAround, readOwn, rejoin, tryOnce } from './steps.js';
import type { Entered, Surroundings } from './steps.js';
import { entryTtlSeconds, finalLease, tenureOf } from './tenure.js';
import type { Tenure } from './tenure.js';
import { lookAt, untilHolder } from './wait.js';

export interface Held {
  /** The fencing token. */
  readonly createRevision: number;
  /** The entry's: of a re-joined one that of the connection that made it. */
  readonly value: Buffer;
  /** On which the holding hangs; undefined: until released. */
  readonly lease: string | undefined;
  /** Undefined: until released. */
  readonly lifetime: Lifetime | undefined;
}

const ENTER_ATTEMPTS_MAX = 6;
/**
 * An entry that was seen is told for so long without another look. While etcd changes its leader a request can take seconds; meanwhile
 * somebody may have broken the lock and been told so, and who is told "acquired" after that would believe it beside the next holder.
 */
const CONFIRMATION_MS = 500;
/** Each attempt but the last lost against another connection of the same token. */
const JOIN_ATTEMPTS_MAX = 64;

export class Contender {
  readonly #attempt: Attempt;
  readonly #leases: OwnLeases;
  readonly #departure: Departure;
  #tenure: Tenure;
  #standing: Standing | undefined;
  #hasSeenEntry = false;
  /** An entry was made or joined, or nobody knows. */
  #mayHaveEntered = false;
  #renewal: RenewalLoop | undefined;
  /** `performance.now()` when the entry was there at the latest; of one that was put, when the request was sent. */
  #seenAt = 0;

  constructor(caller: Caller, deps: ContentionDeps, contest: Contest) {
    this.#attempt = { caller, deps, contest, startedAt: performance.now() };
    this.#tenure = contest.tenure;
    this.#leases = new OwnLeases(deps.etcd);
    this.#departure = new Departure(this.#attempt, this.#leases);
  }

  /**
   * Resolves once this connection holds. Throws the contest's refusal, `already-exists`, `lock-expired`, `shutting-down`, or what etcd
   * says; what it entered is taken back then, as far as it may.
   */
  async acquire(): Promise<Held> {
    try {
      const held = await this.#acquire();
      // Until the first byte of the answer the entry of a caller who is gone is nobody's.
      if (this.#attempt.caller.signal.aborted) throw hungUp();
      return held;
    } catch (error) {
      await this.leave();
      throw this.#told(error);
    } finally {
      this.#renewal?.stop();
    }
  }

  /** Failures of reads are failures of the acquisition: they tell its outcome. */
  #told(error: unknown): unknown {
    if (!(error instanceof GatewayError) || error.code === 'shutting-down') return error;
    // The time of a step is not the caller's: what he sees as late is an etcd that does not answer.
    const isLateStep = error.code === 'timeout' && this.#attempt.contest.waitMs > 0;
    // With a chosen token the leases of unanswered enters outlive the response: a refusal would be wrong if one of them is applied later.
    const isUndecided = error.code === 'lock-held' && this.#leases.isAnyUnanswered;
    const told = isLateStep || isUndecided ? noAnswer(error) : error;
    return this.#mayHaveEntered ? withOutcomeUnknown(told) : withOutcomeNotApplied(told);
  }

  /** Gives up what was acquired, as a hold does when its connection ends. Never rejects. */
  async leave(): Promise<void> {
    await this.#departure.leave(this.#standing);
  }

  async #acquire(): Promise<Held> {
    const { contest, deps } = this.#attempt;
    const { isConfirmed, standing } =
      contest.waitMs === 0 ? await this.#stand() : await deps.turnstile.pass(() => this.#stand());
    this.#standing = standing;
    if (!isConfirmed) {
      if (standing.lease !== undefined && isOwnLease(standing.lease))
        this.#keepAlive(standing.lease);
      await untilHolder(this.#attempt, standing.createRevision);
      this.#seenAt = performance.now();
    }
    return this.#settle(standing);
  }

  /** Look, then try, enter or re-join: an entry of our own, made or found. */
  async #stand(): Promise<{ standing: Standing; isConfirmed: boolean }> {
    const { deps, contest, caller } = this.#attempt;
    let around = await lookAround(stepCaller(this.#attempt), deps.etcd, contest.place);
    for (let enters = 0, joins = 0; enters < ENTER_ATTEMPTS_MAX && joins < JOIN_ATTEMPTS_MAX;) {
      if (caller.signal.aborted) throw hungUp();
      if (around.sibling !== undefined) throw alreadyExists('in the other mode');
      if (around.own !== undefined) {
        joins++;
        const standing = await this.#join(around, around.own);
        if (standing !== undefined) return { standing, isConfirmed: false };
      } else {
        // Who saw the entry never enters again: it may have been released meanwhile.
        if (this.#hasSeenEntry) throw gone();
        if (contest.waitMs === 0 && this.#isBlocked(around)) throw await contest.refusal(around, 0);
        enters++;
        const entered = await this.#enter(enters);
        if (entered?.kind === 'put') {
          // A try that was put is its own confirmation.
          return {
            standing: this.#created(entered.createRevision),
            isConfirmed: contest.waitMs === 0,
          };
        }
        if (entered !== undefined) {
          around = entered.around;
          continue;
        }
      }
      around = await lookAround(stepCaller(this.#attempt), deps.etcd, contest.place);
    }
    throw noAnswer();
  }

  /** Marks the entry that the token has already as this connection's too; undefined: it moved, look again. */
  async #join(around: Surroundings, own: KeyValue): Promise<Standing | undefined> {
    const { place, isSame, wantedBy, isTokenChosen, waitMs, refusal } = this.#attempt.contest;
    this.#hasSeenEntry = true;
    this.#leases.seen(own.lease);
    if (!isSame(own)) throw alreadyExists('by another owner');
    this.#tenure = tenureOf(own, wantedBy(own) ?? this.#attempt.contest.tenure);
    const { createRevision, modRevision, lease, value } = own;
    const standing = { createRevision, value, lastWrite: modRevision, lease, isRejoined: false };
    if (!isTokenChosen) return standing;
    // Asked for without waiting, a queued entry keeps its place and is not written.
    if (waitMs === 0 && (await lookAt(this.#attempt, createRevision)).kind === 'waiting')
      throw await refusal(around, 0);
    const { etcd } = this.#attempt.deps;
    this.#mayHaveEntered = true;
    const caller = impatient(stepCaller(this.#attempt), 1);
    const touched = await rejoin(caller, etcd, place.own, modRevision).catch((error: unknown) => {
      throw outcomeOf(error) === 'unknown' ? noAnswer(error) : error;
    });
    if (touched.kind === 'moved') return undefined;
    const isOwnEnter =
      lease !== undefined && this.#leases.has(lease) && modRevision === createRevision;
    return { ...standing, lastWrite: touched.revision, isRejoined: !isOwnEnter };
  }

  /** Puts the entry on an own lease. Undefined: it has no answer, and the next attempt enters on another lease. */
  async #enter(attempt: number): Promise<Entered | undefined> {
    const { place, value, waitMs } = this.#attempt.contest;
    const { etcd } = this.#attempt.deps;
    const { lease } = await this.#leases.grant(
      stepCaller(this.#attempt),
      entryTtlSeconds(this.#tenure),
    );
    if (waitMs > 0) this.#keepAlive(lease);
    try {
      const enter = waitMs === 0 ? tryOnce : enterOnce;
      this.#seenAt = performance.now();
      const caller = impatient(stepCaller(this.#attempt), attempt);
      const entered = await enter(caller, etcd, place, value, lease);
      if (entered.kind === 'put') this.#mayHaveEntered = true;
      return entered;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'lease-not-found') throw gone();
      if (outcomeOf(error) !== 'unknown') throw error;
      this.#mayHaveEntered = true;
      this.#leases.enterUnanswered();
      // A try that took all of its caller's time has none left to find out.
      if (waitMs === 0 && this.#attempt.caller.deadline <= performance.now()) throw error;
      return undefined;
    }
  }

  #created(createRevision: number): Standing {
    const { value } = this.#attempt.contest;
    const lease = this.#leases.granted?.lease;
    return { createRevision, value, lastWrite: createRevision, lease, isRejoined: false };
  }

  #isBlocked(around: Surroundings): boolean {
    const isExclusive = this.#attempt.contest.place.mode === 'exclusive';
    return isExclusive ? around.first !== undefined : around.hasExclusive;
  }

  /** Renews from now on what carries the entry, or will: entering can take longer than a short ttl while etcd changes its leader. */
  #keepAlive(lease: string): void {
    if (this.#renewal?.lease === lease) return;
    this.#renewal?.stop();
    const { deps, caller } = this.#attempt;
    const isNew = this.#leases.granted?.lease === lease;
    const ttlSeconds = isNew ? entryTtlSeconds(this.#tenure) : QUEUE_TTL_SECONDS_MIN;
    this.#renewal = new RenewalLoop(deps.etcd, caller.identity, lease, ttlSeconds, isNew);
  }

  /** Conversion, the revokes, and a full ttl before the answer. */
  async #settle(standing: Standing): Promise<Held> {
    const { createRevision, value } = standing;
    const lease = finalLease(this.#tenure, standing.lease);
    if (standing.lease !== lease) {
      const carrier = standing.lease;
      this.#departure.isConverting = true;
      await convertTo(this.#attempt, standing, lease);
      this.#seenAt = performance.now();
      this.#leases.adopt(carrier);
    }
    // Before "acquired" is said: whatever is late finds no lease to put the entry on.
    await this.#leases.revokeAllBut(stepCaller(this.#attempt), lease);
    if (lease === undefined) {
      await this.#confirmAgain(standing);
      return { createRevision, value, lease, lifetime: undefined };
    }
    const lifetime = await this.#fullLifetime(lease);
    if (lifetime === undefined) throw gone();
    return { createRevision, value, lease, lifetime };
  }

  get #isSeenLongAgo(): boolean {
    return performance.now() - this.#seenAt > CONFIRMATION_MS;
  }

  async #confirmAgain({ createRevision }: Standing): Promise<void> {
    if (!this.#isSeenLongAgo) return;
    const { deps, contest } = this.#attempt;
    const own = await readOwn(stepCaller(this.#attempt), deps.etcd, contest.place.own);
    if (own?.createRevision !== createRevision) throw gone();
  }

  async #fullLifetime(lease: string): Promise<Lifetime | undefined> {
    const { granted } = this.#leases;
    const known =
      granted?.lease === lease && this.#renewal === undefined ? lifetimeOf(granted) : undefined;
    if (known !== undefined && isFresh(known) && !this.#isSeenLongAgo) return known;
    const { deps, contest } = this.#attempt;
    return renewOnce(stepCaller(this.#attempt), deps.etcd, lease, contest.place.own);
  }
}
