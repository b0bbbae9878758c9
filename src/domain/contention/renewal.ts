// Renews the lease of an entry: once, in a loop while the client is connected, or because the client requests it.
import type { Caller, Identity } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { afterWrite, beforeWrite } from '../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { EntryLease } from './entry-leases.js';
import { readOwn } from './entry-transactions.js';
import type { LockResource } from './key.js';
import { findByToken } from './queue-reads.js';
import type { Entry } from './queue.js';

/** Renewals sent in one ttl. With 4, three consecutive ones may be lost. */
export const RENEWALS_PER_TTL = 4;
const RENEWAL_MS_MAX = 10_000;
/** Pause before the next renewal if a member denies a lease whose entry exists: that member has not applied the grant yet. */
const DENIAL_PAUSE_MS = 100;

export interface Lifetime {
  /** The ttl that etcd granted. */
  readonly ttlSeconds: number;
  /** `performance.now()` until which the lease certainly lives. Counted from the sending of the renewal, never from its response. */
  readonly livesUntil: number;
}

/**
 * Renews the lease of the entry at `key` once. Returns `undefined` if the entry is gone or has another lease. A single member that denies
 * the lease proves nothing (leases/lease-calls.ts); only a linearizable read of the entry does. Throws if the caller's deadline passes first.
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

/** Returns the lifetime of a lease that was just granted. */
export function toLifetime(granted: EntryLease): Lifetime {
  return { ttlSeconds: granted.ttlSeconds, livesUntil: granted.sentAt + granted.ttlSeconds * 1000 };
}

/** Whether so little of the ttl has passed that the response needs no renewal first. */
export function isFresh(lifetime: Lifetime): boolean {
  return (
    lifetime.livesUntil - performance.now() >
    lifetime.ttlSeconds * 1000 * (1 - 1 / RENEWALS_PER_TTL)
  );
}

/**
 * Renews in a loop until it is stopped. A failed renewal is repeated soon, a denied one at the next interval: the watch of the entry's key
 * reports what happens to the entry.
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
   * `isNew`: the lease was just granted. An older lease, of an entry that is re-joined, may expire soon and is renewed at once. Its ttl
   * is the one that the first connection requested, whatever `ttlSeconds` is.
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

  /** The lifetime according to the last renewal that got a response. */
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
        // Leaves time for another member if the first one is silent.
        responseTimeoutMs: (deadline - performance.now()) / 2,
      };
      const lifetime = await sendRenewal(caller, this.#etcd, this.lease);
      if (lifetime !== undefined) {
        this.#lifetime = lifetime;
        this.#everyMs = (lifetime.ttlSeconds * 1000) / RENEWALS_PER_TTL;
      }
      this.#schedule(this.#everyMs);
    } catch {
      // The outcome is unknown; the lease is not necessarily lost.
      this.#schedule(this.#everyMs / RENEWALS_PER_TTL);
    }
  }
}

export interface EntryRenewal {
  readonly fencingToken: number;
  /** Undefined for an entry without a lease, which needs no renewal. */
  readonly lifetime: Lifetime | undefined;
}

export interface EntryRenewalRequest {
  readonly resource: LockResource;
  readonly token: string;
  /** If given, only the entry with this create revision is renewed. */
  readonly fencingToken?: number | undefined;
}

/**
 * Renews the entry of a token at the client's request. The entry is read before and after the renewal, because a renewal alone also
 * succeeds for an entry that is gone. Throws `lock-expired` for an entry that is gone or replaced, `not-holder` for a waiter.
 */
export async function renewEntry(
  caller: Caller,
  etcd: EtcdClient,
  { resource, token, fencingToken }: EntryRenewalRequest,
): Promise<EntryRenewal> {
  const entry = await beforeWrite(findByToken(caller, etcd, resource, token));
  const isRequested = fencingToken === undefined || fencingToken === entry?.createRevision;
  if (entry === undefined || !isRequested) throw lockExpired();
  const lifetime =
    entry.lease === undefined ? undefined : await renewOnce(caller, etcd, entry.lease, entry.key);
  if (entry.lease !== undefined && lifetime === undefined) throw lockExpired();
  await afterWrite(confirmHolder(caller, etcd, resource, entry));
  return { fencingToken: entry.createRevision, lifetime };
}

/** Resolves if the entry still has its create revision and is a holder. */
async function confirmHolder(
  caller: Caller,
  etcd: EtcdClient,
  resource: LockResource,
  entry: Entry,
): Promise<void> {
  const { key, mode, createRevision } = entry;
  const { own, blocker } = await readOwn(
    caller,
    etcd,
    { resource, mode, own: key },
    createRevision,
  );
  if (own?.createRevision !== createRevision) throw lockExpired();
  if (blocker === undefined) return;
  throw new GatewayError('not-holder', {
    detail: 'this token waits in the queue and does not hold the lock',
    hint: 'keep the waiting request open: the gateway renews its entry itself',
  });
}

function lockExpired(): GatewayError {
  return new GatewayError('lock-expired', {
    detail: 'the token does not hold the lock: its entry was released, broken by force, or expired',
    hint: 'stop the work that the lock protected, and acquire again with a new token',
  });
}
