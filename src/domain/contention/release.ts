// Ends entries: delete, then revoke. The revoke comes last but before the answer, so that nothing late brings the entry back.
import type { Caller } from '../../caller.js';
import { outcomeOf } from '../../errors.js';
import type { RangeRequest } from '../../etcd/wire.js';
import { deleteEntry } from './contender.js';
import type { ContentionDeps } from './contender.js';
import { toEntry } from './entry.js';
import type { Entry } from './entry.js';
import { modeRanges } from './key.js';
import type { Arena } from './key.js';
import { isOwnLease } from './own-lease.js';
import { holdersOf } from './queue.js';

/** Shared holders that one read finds; more than this many are served oldest first. */
const HOLDERS_MAX = 1_000;
const DELETE_ATTEMPTS_MAX = 3;

/** The holders at one revision, without reading the waiters: the first exclusive entry, or the shared ones before it. */
export async function readHolders(
  caller: Caller,
  deps: ContentionDeps,
  arena: Arena,
): Promise<Entry[]> {
  const oldest = (range: RangeRequest, limit: number): RangeRequest => ({
    ...range,
    limit,
    sort: { target: 'create', order: 'ascend' },
  });
  const ranges = [
    ...modeRanges(arena, 'exclusive').map((range) => oldest(range, 1)),
    ...modeRanges(arena, 'shared').map((range) => oldest(range, HOLDERS_MAX)),
  ];
  const answer = await deps.etcd.txn(caller, {
    compare: [],
    success: ranges.map((range) => ({ kind: 'range', range })),
    failure: [],
  });
  const kvs = answer.responses.flatMap((op) => (op.kind === 'range' ? op.range.kvs : []));
  return holdersOf(kvs.map((kv) => toEntry(arena, kv)));
}

/** Ends one entry by key and create revision; its lease too when the gateway made it. True when this call or its lost copy ended it. */
export async function endEntry(
  caller: Caller,
  deps: ContentionDeps,
  entry: Entry,
): Promise<boolean> {
  const isEnded = await deleteSurely(caller, deps, entry);
  if (entry.lease !== undefined && isOwnLease(entry.lease))
    await deps.etcd.leaseRevoke(caller, entry.lease);
  return isEnded;
}

// The compare on the create revision makes the delete safe to send again: a later entry is never touched. A repeat that finds the
// entry gone counts as done, since the unanswered one before it was most likely what ended it.
async function deleteSurely(caller: Caller, deps: ContentionDeps, entry: Entry): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      const wasThere = await deleteEntry(caller, deps, entry.key, entry.createRevision);
      return wasThere || attempt > 1;
    } catch (error) {
      if (outcomeOf(error) !== 'unknown' || attempt >= DELETE_ATTEMPTS_MAX || caller.signal.aborted)
        throw error;
    }
  }
}
