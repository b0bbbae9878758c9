// Why an entry was removed, as far as that is visible from outside. A removal is a fault if no request and no lease end explains it.
import type { Call } from './call.js';
import { isDefinite } from './call.js';
import type { Evidence } from './evidence.js';
import type { Entry, Removed } from './history.js';

export interface Removal extends Removed {
  /** Releases and forced releases that may have removed it. */
  readonly requestedBy: readonly Call[];
  /**
   * `key`: the entry was deleted while its lease continued. `lease`: both ended at the same revision, revoked or expired.
   * `unknown`: the marker was written too late.
   */
  readonly how: 'key' | 'lease' | 'unknown';
  /** The last expiry time in any response has passed, and so has the ttl since the request. */
  readonly isExpiry: boolean;
}

export function removalOf(evidence: Evidence, entry: Entry): Removal | undefined {
  if (!evidence.removals.has(entry)) evidence.removals.set(entry, explain(evidence, entry));
  return evidence.removals.get(entry);
}

function explain(evidence: Evidence, entry: Entry): Removal | undefined {
  const { removed } = entry;
  if (removed === undefined) return undefined;
  const how = howRemoved(evidence, removed);
  return {
    ...removed,
    how,
    requestedBy: evidence
      .endingCallsAt(entry.lock)
      .filter((call) => mayHaveRemoved(evidence, call, entry, removed)),
    isExpiry: how !== 'key' && isPastItsTime(evidence, entry, removed),
  };
}

/** Describes the removal in words. */
export function howText({ how, lease }: Removal): string {
  if (lease === undefined) return 'deleted; it had no lease';
  if (how === 'key') return 'deleted by a request while its lease continued';
  return how === 'lease' ? 'removed together with its lease' : 'removed';
}

function howRemoved(evidence: Evidence, { lease, revision }: Removed): Removal['how'] {
  const mark = lease === undefined ? undefined : evidence.history.marks.get(lease);
  if (mark === undefined) return lease === undefined ? 'key' : 'unknown';
  if (mark.createRevision > revision) return 'key';
  return mark.removedRevision === revision ? 'lease' : 'key';
}

function isPastItsTime(evidence: Evidence, entry: Entry, removed: Removed): boolean {
  const ttlMs = evidence.ttlMs(entry);
  const creator = evidence.callNamed(entry.creator);
  if (ttlMs === undefined || creator === undefined) return true;
  const expiresAt = Math.max(evidence.claimedUntil(entry), creator.startedAt + ttlMs);
  return removed.lease !== undefined && removed.seenAt >= expiresAt;
}

function mayHaveRemoved(evidence: Evidence, call: Call, entry: Entry, removed: Removed): boolean {
  const { clock } = evidence;
  if (call.startedAt > removed.seenAt || !names(evidence, call, entry)) return false;
  // A call cannot remove an entry that was removed before the call began.
  if (removed.revision <= clock.settledBy(call.startedAt)) return false;
  if (!isDefinite(call)) return true;
  // The effect of a call precedes its response. It cannot remove an entry that was created or still existed after the response.
  const latest = clock.possibleBy(call.endedAt ?? Infinity);
  return call.status === 200 && entry.createRevision <= latest && removed.revision <= latest;
}

/** Whether the call applies to the entry. A release by owner or by force only removes holders. */
function names(evidence: Evidence, call: Call, entry: Entry): boolean {
  const hasHeld = entry.heldFrom !== undefined && entry.heldFrom < (entry.removed?.revision ?? 0);
  switch (call.kind) {
    case 'release':
      return evidence.hasTokenOf(call, entry);
    case 'release-by-owner':
      return hasHeld && call.client === entry.owner;
    case 'force':
      return hasHeld;
    default:
      return false;
  }
}
