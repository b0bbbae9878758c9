// Moves a holder off the lease that it was entered on, to no lease or to a lease of the client. Every entry is entered on a lease of the
// gateway, because that lease can be revoked: then no late request brings the entry back.
import type { Caller } from '../../core/caller.js';
import { outcomeOf } from '../../core/errors.js';
import { entryLost, noResponse } from './acquire-errors.js';
import { stepCaller, withAttemptTimeout } from './acquire-spec.js';
import type { AcquireContext, EntryState } from './acquire-spec.js';
import { convert } from './entry-transactions.js';
import type { CompareAndWriteResult } from './entry-transactions.js';

const CONVERT_ATTEMPTS_MAX = 3;

/** Converts the entry and updates `entry`. Create revision and value stay. The caller of this function revokes the old lease. */
export async function convertLease(
  context: AcquireContext,
  entry: EntryState,
  lease: string | undefined,
): Promise<void> {
  const { isTokenChosen } = context.spec;
  for (let attempt = 1; attempt <= CONVERT_ATTEMPTS_MAX; attempt++) {
    const caller = withAttemptTimeout(stepCaller(context), attempt);
    const result = await convertOnce(caller, context, entry.lastWriteRevision, lease);
    if (result === undefined) continue;
    if (result.kind === 'written') entry.lastWriteRevision = result.revision;
    else {
      if (result.own?.createRevision !== entry.createRevision) throw entryLost();
      // A conversion that is refused after one without a response: with a generated token the earlier one was applied. With a chosen
      // token a newer connection may have converted the entry.
      if (isTokenChosen || result.own.lease !== lease) throw noResponse();
      entry.lastWriteRevision = result.own.modRevision;
    }
    entry.lease = lease;
    return;
  }
  throw noResponse();
}

/** Returns `undefined` if the outcome is unknown. */
async function convertOnce(
  caller: Caller,
  { deps, spec }: AcquireContext,
  modRevision: number,
  lease: string | undefined,
): Promise<CompareAndWriteResult | undefined> {
  try {
    return await convert(caller, deps.etcd, spec.keys.own, modRevision, lease);
  } catch (error) {
    if (outcomeOf(error) === 'unknown') return undefined;
    throw error;
  }
}
