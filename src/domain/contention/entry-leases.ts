// The leases that one acquisition grants for its entry. They are revoked afterwards, so that a late copy of its requests has no effect.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import { isOwnLease, randomOwnLease } from '../leases/lease-id.js';
import { withAttemptTimeout } from './acquire-spec.js';

const GRANT_ATTEMPTS_MAX = 3;

export interface EntryLease {
  readonly lease: string;
  /** The ttl that etcd granted: at least the requested one. */
  readonly ttlSeconds: number;
  /** `performance.now()` when the grant was sent: the lease lives at least until then plus its ttl. */
  readonly sentAt: number;
}

export class EntryLeases {
  readonly #etcd: EtcdClient;
  /** Leases that a request named and that are not known to be revoked. */
  readonly #named = new Set<string>();
  /** Those of `#named` whose enter got no response and may still be applied. */
  readonly #unconfirmed = new Set<string>();
  #granted: EntryLease | undefined;

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  get granted(): EntryLease | undefined {
    return this.#granted;
  }

  get isEmpty(): boolean {
    return this.#named.size === 0;
  }

  /** Whether an enter without a response may still put the entry on one of the leases. */
  get hasUnconfirmedEnter(): boolean {
    return this.#unconfirmed.size > 0;
  }

  has(lease: string): boolean {
    return this.#named.has(lease);
  }

  /** Records that the enter on the granted lease got no response. It is repeated on another lease, so each lease has at most one enter. */
  markEnterUnconfirmed(): void {
    if (this.#granted !== undefined) this.#unconfirmed.add(this.#granted.lease);
    this.#granted = undefined;
  }

  /** Records that the entry was seen on this lease: its only enter was applied, so no copy of it is left. */
  confirmEnter(lease: string | undefined): void {
    if (lease !== undefined) this.#unconfirmed.delete(lease);
  }

  /** Adds a lease that an earlier connection of the same token granted. Leases that the gateway did not grant are ignored. */
  adopt(lease: string | undefined): void {
    if (lease !== undefined && isOwnLease(lease)) this.#named.add(lease);
  }

  /**
   * Returns the lease to enter on: the same one until an enter on it got no response. A grant without a response is never repeated under
   * its ID, because a late copy would bring the revoked lease back. The next attempt uses a new ID, and the old one is revoked with the
   * others.
   */
  async grant(caller: Caller, ttlSeconds: number): Promise<EntryLease> {
    if (this.#granted !== undefined) return this.#granted;
    for (let attempt = 1; ; attempt++) {
      const lease = randomOwnLease();
      const sentAt = performance.now();
      try {
        const granted = await this.#etcd.leaseGrant(
          withAttemptTimeout(caller, attempt),
          lease,
          ttlSeconds,
        );
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

  /** Revokes all leases except `kept`. May be repeated. Throws if etcd does not respond. */
  async revokeAllExcept(caller: Caller, kept: string | undefined): Promise<void> {
    await this.#revoke(caller, (lease) => lease !== kept);
  }

  /** Revokes all leases except `kept` and those of unconfirmed enters, which expire. May be repeated. Throws if etcd does not respond. */
  async revokeConfirmed(caller: Caller, kept: string | undefined): Promise<void> {
    await this.#revoke(caller, (lease) => lease !== kept && !this.#unconfirmed.has(lease));
  }

  async #revoke(caller: Caller, isRevoked: (lease: string) => boolean): Promise<void> {
    for (const lease of [...this.#named].filter(isRevoked)) {
      await this.#etcd.leaseRevoke(caller, lease);
      this.#named.delete(lease);
      this.#unconfirmed.delete(lease);
    }
  }
}
