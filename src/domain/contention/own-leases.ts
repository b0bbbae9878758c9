// The leases that one acquisition makes for itself. Whatever of the acquisition arrives late finds them revoked, and does nothing.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import { isOwnLease, randomOwnLease } from '../leases/lease-id.js';
import { impatient } from './patience.js';

const GRANT_ATTEMPTS_MAX = 3;

export interface Granted {
  readonly lease: string;
  /** What etcd granted: at least what was asked. */
  readonly ttlSeconds: number;
  /** `performance.now()` when the grant was sent: the lease lives at least until then plus its ttl. */
  readonly sentAt: number;
}

export class OwnLeases {
  readonly #etcd: EtcdClient;
  /** Named in a request and not known to be revoked. */
  readonly #named = new Set<string>();
  /** Of these, those of an enter without an answer: it may still be applied. */
  readonly #unanswered = new Set<string>();
  #granted: Granted | undefined;

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  get granted(): Granted | undefined {
    return this.#granted;
  }

  get isEmpty(): boolean {
    return this.#named.size === 0;
  }

  /** An enter without an answer may still put the entry on one of them. */
  get isAnyUnanswered(): boolean {
    return this.#unanswered.size > 0;
  }

  has(lease: string): boolean {
    return this.#named.has(lease);
  }

  /** The enter on the granted lease has no answer. It is repeated on another lease, so each lease has one enter at most. */
  enterUnanswered(): void {
    if (this.#granted !== undefined) this.#unanswered.add(this.#granted.lease);
    this.#granted = undefined;
  }

  /** The entry was seen on this lease: its one enter has arrived, and no copy of it is left. */
  seen(lease: string | undefined): void {
    if (lease !== undefined) this.#unanswered.delete(lease);
  }

  /** A lease of an earlier connection of the same token that is to be revoked with ours. Others are nobody's business. */
  adopt(lease: string | undefined): void {
    if (lease !== undefined && isOwnLease(lease)) this.#named.add(lease);
  }

  /**
   * The lease to enter on. The same one is returned until an enter on it has no answer. A grant without an answer is never repeated under
   * its ID, because a late copy of it would bring the revoked lease back: the next attempt takes a new ID, and the old one is revoked
   * with the rest.
   */
  async grant(caller: Caller, ttlSeconds: number): Promise<Granted> {
    if (this.#granted !== undefined) return this.#granted;
    for (let attempt = 1; ; attempt++) {
      const lease = randomOwnLease();
      const sentAt = performance.now();
      try {
        const granted = await this.#etcd.leaseGrant(impatient(caller, attempt), lease, ttlSeconds);
        this.#named.add(lease);
        return (this.#granted = { lease, ttlSeconds: granted.ttlSeconds, sentAt });
      } catch (error) {
        const isTaken = error instanceof GatewayError && error.code === 'already-exists';
        const isUnknown = outcomeOf(error) === 'unknown';
        if (isUnknown) this.#named.add(lease);
        if (!(isTaken || isUnknown) || attempt >= GRANT_ATTEMPTS_MAX || caller.signal.aborted)
          throw error;
      }
    }
  }

  /** Revokes all but `kept`. Throws when etcd does not answer. Repeatable. */
  async revokeAllBut(caller: Caller, kept: string | undefined): Promise<void> {
    await this.#revoke(caller, (lease) => lease !== kept);
  }

  /** Revokes all but `kept` and those of enters without an answer, which expire. Throws when etcd does not answer. Repeatable. */
  async revokeAnswered(caller: Caller, kept: string | undefined): Promise<void> {
    await this.#revoke(caller, (lease) => lease !== kept && !this.#unanswered.has(lease));
  }

  async #revoke(caller: Caller, isMeant: (lease: string) => boolean): Promise<void> {
    for (const lease of [...this.#named].filter(isMeant)) {
      await this.#etcd.leaseRevoke(caller, lease);
      this.#named.delete(lease);
      this.#unanswered.delete(lease);
    }
  }
}
