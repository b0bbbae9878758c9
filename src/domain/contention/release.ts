// Ends entries on request: delete, then revoke. The revoke precedes the response, so that no late request brings the entry back.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { KeyValue } from '../../etcd/wire.js';
import { afterWrite, beforeWrite, withOutcomeUnknown } from '../../etcd/calls/outcome.js';
import type { Entry } from './entry.js';
import { findByToken } from './inspect.js';
import type { Arena } from './key.js';
import { isOwnLease } from '../leases/lease-id.js';
import { impatient } from './patience.js';
import { deleteEntry } from './steps.js';

const DELETE_ATTEMPTS_MAX = 3;

/** Ends the entry that a token has, held or queued. False when it has none. */
export async function endByToken(
  caller: Caller,
  etcd: EtcdClient,
  arena: Arena,
  token: string,
): Promise<boolean> {
  const entry = await beforeWrite(findByToken(caller, etcd, arena, token));
  return entry !== undefined && (await endEntry(caller, etcd, entry));
}

/** Ends these entries. False when none of them was there any more; a failure behind one that was ended is `unknown`. */
export async function endAll(
  caller: Caller,
  etcd: EtcdClient,
  entries: readonly Entry[],
): Promise<boolean> {
  let isEnded = false;
  for (const entry of entries) {
    const end = endEntry(caller, etcd, entry);
    isEnded = (await (isEnded ? afterWrite(end) : end)) || isEnded;
  }
  return isEnded;
}

/**
 * Ends one entry by key and create revision. True when this call or its lost copy ended it. Repeatable. The lease that the entry had is
 * revoked only when this call's own delete was confirmed, and only when the gateway made it. Any other lease is left to its ttl: it can
 * carry something else by now. A lease of the caller stays.
 */
async function endEntry(caller: Caller, etcd: EtcdClient, entry: Entry): Promise<boolean> {
  const { deleted, isUnconfirmed } = await deleteRepeatedly(caller, etcd, entry);
  if (deleted?.lease !== undefined && isOwnLease(deleted.lease))
    await afterWrite(etcd.leaseRevoke(caller, deleted.lease));
  return deleted !== undefined || isUnconfirmed;
}

// The compare on the create revision makes the delete safe to send again: a later entry is never touched. A repeat that finds the
// entry gone counts as done, because the unanswered one before it most likely ended it.
async function deleteRepeatedly(
  caller: Caller,
  etcd: EtcdClient,
  { key, createRevision }: Entry,
): Promise<{ deleted: KeyValue | undefined; isUnconfirmed: boolean }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const deleted = await deleteEntry(impatient(caller, attempt), etcd, key, createRevision);
      return { deleted, isUnconfirmed: attempt > 1 };
    } catch (error) {
      if (outcomeOf(error) !== 'unknown' || attempt >= DELETE_ATTEMPTS_MAX || caller.signal.aborted)
        // What an earlier attempt did stays unknown, whatever became of this one.
        throw attempt > 1 && error instanceof GatewayError ? withOutcomeUnknown(error) : error;
    }
  }
}
