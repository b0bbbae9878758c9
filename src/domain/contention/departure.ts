// Leaving unasked: a wait that is over, a caller who is gone, a request that failed. Decides what this connection may take away: with a
// token that others may know, only what it created itself and nobody has re-joined since.
import type { Caller } from '../../core/caller.js';
import type { KeyValue } from '../../etcd/wire.js';
import type { Attempt, Standing } from './contest.js';
import type { OwnLeases } from './own-leases.js';
import { impatient } from './patience.js';
import { deleteEntry, leaveOwn, readOwn } from './steps.js';

/** How long an answer waits for the departure, so that "not acquired" finds no entry left; past it the background goes on. */
const AWAITED_MS = 4_000;

export class Departure {
  readonly #attempt: Attempt;
  readonly #leases: OwnLeases;
  /** Set before a conversion is sent: from then on revoking the leases may not be enough. */
  isConverting = false;

  constructor(attempt: Attempt, leases: OwnLeases) {
    this.#attempt = attempt;
    this.#leases = leases;
  }

  get #own(): Buffer {
    return this.#attempt.contest.place.own;
  }

  /** Resolves when nothing is left behind, or after a few seconds while the background goes on. Never rejects. */
  async leave(standing: Standing | undefined): Promise<void> {
    if (this.#leases.isEmpty && standing === undefined) return;
    const { deps, caller } = this.#attempt;
    const left = deps.background.run('leave a lock', caller.identity, (cleaner) =>
      this.#leave(impatient(cleaner, 1), standing),
    );
    // Every request that named a lease was answered and none put the entry: no late copy is left, the revoke may follow the answer.
    if (standing === undefined && !this.#leases.isAnyUnanswered) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([left, new Promise((resolve) => (timer = setTimeout(resolve, AWAITED_MS)))]);
    clearTimeout(timer);
  }

  async #leave(caller: Caller, standing: Standing | undefined): Promise<void> {
    if (!this.#attempt.contest.isTokenChosen) {
      await this.#leases.revokeAllBut(caller, undefined);
      if (this.isConverting && standing !== undefined) {
        await deleteEntry(caller, this.#attempt.deps.etcd, this.#own, standing.createRevision);
      }
      return;
    }
    const lastWrite =
      standing === undefined ? await this.#findOwnEnter(caller) : standing.lastWrite;
    if (lastWrite === undefined || standing?.isRejoined === true) {
      await this.#dropLeases(caller, await readOwn(caller, this.#attempt.deps.etcd, this.#own));
      return;
    }
    const left = await leaveOwn(caller, this.#attempt.deps.etcd, this.#own, lastWrite);
    await this.#dropLeases(caller, left.kind === 'moved' ? left.own : undefined);
  }

  /** The entry that an unanswered enter of ours made, if nobody wrote to it since. */
  async #findOwnEnter(caller: Caller): Promise<number | undefined> {
    const own = await readOwn(caller, this.#attempt.deps.etcd, this.#own);
    if (own?.lease === undefined || !this.#leases.has(own.lease)) return undefined;
    this.#leases.seen(own.lease);
    return own.modRevision === own.createRevision ? own.modRevision : undefined;
  }

  // The lease of an unanswered enter can carry, or come to carry, an entry that the client uses over a newer connection: it expires.
  async #dropLeases(caller: Caller, entry: KeyValue | undefined): Promise<void> {
    await this.#leases.revokeAnswered(caller, entry?.lease);
  }
}
