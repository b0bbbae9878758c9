// Keeps the lease of an entry alive while its caller is connected, and tells how long it surely lives.
import type { Caller, Identity } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { Granted } from './own-leases.js';

/** A renewal is sent this often in one ttl: with 4, three of them may be lost. */
export const RENEWALS_PER_TTL = 4;
const RENEWAL_MS_MAX = 10_000;

export interface Lifetime {
  /** What etcd granted. */
  readonly ttlSeconds: number;
  /** `performance.now()` until which the lease surely lives: from when the renewal was sent, never from when it was answered. */
  readonly livesUntil: number;
}

/** How long a member that denies the lease of an entry which is there gets to learn of it. */
const DENIAL_PAUSE_MS = 100;

/**
 * One renewal of the lease of the entry at `key`. Undefined: the entry is gone, or on another lease. That a member denies the lease says
 * nothing yet (leases/life.ts): only a linearizable read of the entry does. Ends with the caller's deadline, as a failure to tell.
 */
export async function renewOnce(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
  key: Buffer,
): Promise<Lifetime | undefined> {
  for (;;) {
    const lifetime = await sendRenewal(caller, etcd, lease);
    if (lifetime !== undefined) return lifetime;
    const { kvs } = await etcd.range(caller, { key });
    if (kvs[0]?.lease !== lease) return undefined;
    await new Promise((resolve) => setTimeout(resolve, DENIAL_PAUSE_MS));
  }
}

async function sendRenewal(
  caller: Caller,
  etcd: EtcdClient,
  lease: string,
): Promise<Lifetime | undefined> {
  const sentAt = performance.now();
  const { ttlSeconds } = await etcd.leaseKeepAlive(caller, lease);
  return ttlSeconds === undefined
    ? undefined
    : { ttlSeconds, livesUntil: sentAt + ttlSeconds * 1000 };
}

/** Until when a lease lives that was just granted. */
export function lifetimeOf(granted: Granted): Lifetime {
  return { ttlSeconds: granted.ttlSeconds, livesUntil: granted.sentAt + granted.ttlSeconds * 1000 };
}

/** True while so little of the ttl is gone that an answer may go out without renewing first. */
export function isFresh(lifetime: Lifetime): boolean {
  return (
    lifetime.livesUntil - performance.now() >
    lifetime.ttlSeconds * 1000 * (1 - 1 / RENEWALS_PER_TTL)
  );
}

/**
 * Renews in a loop until it is stopped. A renewal that fails is repeated soon, one that is denied in its turn. The watch of the entry's
 * key shows what became of the entry.
 */
export class RenewalLoop {
  readonly #etcd: EtcdClient;
  readonly #identity: Identity;
  readonly lease: string;
  #everyMs: number;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #lifetime: Lifetime | undefined;

  /**
   * `isNew`: just granted. An older lease, of an entry that is re-joined, may be near its end: it is renewed at once, and has the ttl
   * that the first connection requested, whatever `ttlSeconds` is.
   */
  constructor(
    etcd: EtcdClient,
    identity: Identity,
    lease: string,
    ttlSeconds: number,
    isNew = true,
  ) {
    this.#etcd = etcd;
    this.#identity = identity;
    this.lease = lease;
    this.#everyMs = (ttlSeconds * 1000) / RENEWALS_PER_TTL;
    this.#schedule(isNew ? this.#everyMs : 0);
  }

  /** As the last answered renewal told it. */
  get lifetime(): Lifetime | undefined {
    return this.#lifetime;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  #schedule(afterMs: number): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#renew(), afterMs);
  }

  async #renew(): Promise<void> {
    const deadline = performance.now() + Math.min(this.#everyMs, RENEWAL_MS_MAX);
    try {
      const caller = {
        identity: this.#identity,
        signal: this.#stopped.signal,
        deadline,
        // One silent member must leave time for another.
        responseTimeoutMs: (deadline - performance.now()) / 2,
      };
      const lifetime = await sendRenewal(caller, this.#etcd, this.lease);
      if (lifetime !== undefined) {
        this.#lifetime = lifetime;
        this.#everyMs = (lifetime.ttlSeconds * 1000) / RENEWALS_PER_TTL;
      }
      this.#schedule(this.#everyMs);
    } catch {
      // Unknown, not lost.
      this.#schedule(this.#everyMs / RENEWALS_PER_TTL);
    }
  }
}
