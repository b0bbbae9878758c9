// The leases that one acquisition makes for itself. Whatever of the acquisition arrives late finds them revoked, and does nothing.
import type { Caller } from '../../caller.js';
import { GatewayError, outcomeOf } from '../../errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import { isOwnLease, randomOwnLease } from '../leases/lease-id.js';

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
  #granted: Granted | undefined;
  /** A request that puts the entry on one of them had no answer: it may still be applied. */
  isUnanswered = false;

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  get granted(): Granted | undefined {
    return this.#granted;
  }

  get isEmpty(): boolean {
    return this.#named.size === 0;
  }

  has(lease: string): boolean {
    return this.#named.has(lease);
  }

  /** A lease of an earlier connection of the same token that is to be revoked with ours. Others are nobody's business. */
  adopt(lease: string | undefined): void {
    if (lease !== undefined && isOwnLease(lease)) this.#named.add(lease);
  }

  /**
   * The lease to enter on, granted once. A grant without an answer is never repeated under its ID, for a late copy of it would bring
   * the revoked lease back: the next attempt takes a new one, and the old one is revoked with the rest.
   */
  async grant(caller: Caller, ttlSeconds: number): Promise<Granted> {
    if (this.#granted !== undefined) return this.#granted;
    for (let attempt = 1; ; attempt++) {
      const lease = randomOwnLease();
      const sentAt = performance.now();
      try {
        const granted = await this.#etcd.leaseGrant(caller, lease, ttlSeconds);
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

  /** Revokes all but `kept`. Throws when etcd does not say; may be called again. */
  async revokeAllBut(caller: Caller, kept: string | undefined): Promise<void> {
    for (const lease of [...this.#named]) {
      if (lease === kept) continue;
      await this.#etcd.leaseRevoke(caller, lease);
      this.#named.delete(lease);
    }
  }
}
