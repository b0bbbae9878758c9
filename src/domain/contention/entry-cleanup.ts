// Deletes entries: at a client's request, or because an acquisition failed or its connection ended.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import { afterWrite, beforeWrite, withOutcomeUnknown } from '../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { KeyValue } from '../../etcd/wire.js';
import { isOwnLease } from '../leases/lease-id.js';
import { withAttemptTimeout } from './acquire-spec.js';
import type { AcquireContext, EntryState } from './acquire-spec.js';
import type { EntryLeases } from './entry-leases.js';
import { deleteEntry, deleteUnchanged, readEntry } from './entry-transactions.js';
import type { LockResource } from './key.js';
import { findByToken } from './queue-reads.js';
import type { Entry } from './queue.js';

const DELETE_ATTEMPTS_MAX = 3;
/** How long a response waits for the cleanup, so that "not acquired" leaves no entry. After that the cleanup continues in the background. */
const CLEANUP_WAIT_MS = 4_000;

/** Deletes the entry of a token, held or queued. Returns false if the token has none. */
export async function releaseByToken(
  caller: Caller,
  etcd: EtcdClient,
  resource: LockResource,
  token: string,
): Promise<boolean> {
  const entry = await beforeWrite(findByToken(caller, etcd, resource, token));
  return entry !== undefined && (await releaseEntry(caller, etcd, entry));
}

/** Deletes these entries. Returns false if none of them existed any longer. A failure after the first deletion is `unknown`. */
export async function releaseEntries(
  caller: Caller,
  etcd: EtcdClient,
  entries: readonly Entry[],
): Promise<boolean> {
  let isReleased = false;
  for (const entry of entries) {
    const release = releaseEntry(caller, etcd, entry);
    isReleased = (await (isReleased ? afterWrite(release) : release)) || isReleased;
  }
  return isReleased;
}

/**
 * Deletes one entry by key and create revision, then revokes its lease before the response, so that no late request brings the entry back.
 * Returns true if this request, or a copy of it without a response, deleted the entry. May be repeated. A lease is revoked only if this
 * request's own delete was confirmed and the gateway granted the lease. Any other lease is left to its ttl, because it may carry something
 * else by now. A lease of the client stays.
 */
async function releaseEntry(caller: Caller, etcd: EtcdClient, entry: Entry): Promise<boolean> {
  const { deleted, isUnconfirmed } = await deleteWithRetry(caller, etcd, entry);
  if (deleted?.lease !== undefined && isOwnLease(deleted.lease))
    await afterWrite(etcd.leaseRevoke(caller, deleted.lease));
  return deleted !== undefined || isUnconfirmed;
}

// The delete compares the create revision, so a repetition never deletes a later entry. If a repetition finds no entry, the attempt without
// a response most likely deleted it.
async function deleteWithRetry(
  caller: Caller,
  etcd: EtcdClient,
  { key, createRevision }: Entry,
): Promise<{ deleted: KeyValue | undefined; isUnconfirmed: boolean }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const deleted = await deleteEntry(
        withAttemptTimeout(caller, attempt),
        etcd,
        key,
        createRevision,
      );
      return { deleted, isUnconfirmed: attempt > 1 };
    } catch (error) {
      if (outcomeOf(error) !== 'unknown' || attempt >= DELETE_ATTEMPTS_MAX || caller.signal.aborted)
        // The outcome of an earlier attempt stays unknown, however this one failed.
        throw attempt > 1 && error instanceof GatewayError ? withOutcomeUnknown(error) : error;
    }
  }
}

/**
 * Removes what one acquisition left in etcd after a timeout, a disconnect or a failure. With a chosen token, which other connections may
 * use, it deletes only an entry that this connection created and that no connection has re-joined since.
 */
export class EntryCleanup {
  readonly #context: AcquireContext;
  readonly #leases: EntryLeases;
  /** Set before a conversion is sent. From then on it may not be enough to revoke the leases. */
  isConverting = false;

  constructor(context: AcquireContext, leases: EntryLeases) {
    this.#context = context;
    this.#leases = leases;
  }

  get #key(): Buffer {
    return this.#context.spec.keys.own;
  }

  /** Resolves when nothing is left, or after a few seconds while the cleanup continues in the background. Never rejects. */
  async run(entry: EntryState | undefined): Promise<void> {
    if (this.#leases.isEmpty && entry === undefined) return;
    const { deps, caller } = this.#context;
    const done = deps.background.run('leave a lock', caller.identity, (cleaner) =>
      this.#cleanUp(withAttemptTimeout(cleaner, 1), entry),
    );
    // All requests that named a lease got a response and none created the entry: no late copy is left, so the response need not wait.
    if (entry === undefined && !this.#leases.hasUnconfirmedEnter) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      done,
      new Promise((resolve) => (timer = setTimeout(resolve, CLEANUP_WAIT_MS))),
    ]);
    clearTimeout(timer);
  }

  async #cleanUp(caller: Caller, entry: EntryState | undefined): Promise<void> {
    const { etcd } = this.#context.deps;
    if (!this.#context.spec.isTokenChosen) {
      await this.#leases.revokeAllExcept(caller, undefined);
      if (this.isConverting && entry !== undefined)
        await deleteEntry(caller, etcd, this.#key, entry.createRevision);
      return;
    }
    const lastWriteRevision =
      entry === undefined ? await this.#findOwnEnter(caller) : entry.lastWriteRevision;
    if (lastWriteRevision === undefined || entry?.isRejoined === true) {
      await this.#revokeLeases(caller, await readEntry(caller, etcd, this.#key));
      return;
    }
    const result = await deleteUnchanged(caller, etcd, this.#key, lastWriteRevision);
    await this.#revokeLeases(caller, result.kind === 'changed' ? result.own : undefined);
  }

  /** Returns the revision of the entry that an unconfirmed enter of this connection created, if it is the last write of the entry. */
  async #findOwnEnter(caller: Caller): Promise<number | undefined> {
    const own = await readEntry(caller, this.#context.deps.etcd, this.#key);
    if (own?.lease === undefined || !this.#leases.has(own.lease)) return undefined;
    this.#leases.confirmEnter(own.lease);
    return own.modRevision === own.createRevision ? own.modRevision : undefined;
  }

  // The lease of an unconfirmed enter may carry, now or later, an entry that the client uses over a newer connection. It expires instead.
  async #revokeLeases(caller: Caller, entry: KeyValue | undefined): Promise<void> {
    await this.#leases.revokeConfirmed(caller, entry?.lease);
  }
}
