// Why an entry went, as far as that can be known from outside. What nobody can have asked for, and no lease's end explains, is a fault.
import type { Call } from './call.js';
import { isDefinite } from './call.js';
import type { Evidence } from './evidence.js';
import type { Entry, Removed } from './history.js';

export interface Removal extends Removed {
  /** Releases and breaks that may have done it. */
  readonly asked: readonly Call[];
  /**
   * `key`: the entry was deleted while its lease lived on; `lease`: both went at the same revision, revoked or run out; `unknown`: it
   * had no lease, or the mark came too late.
   */
  readonly how: 'key' | 'lease' | 'unknown';
  /** Nobody can have renewed the lease, or promised that it lasts, less than a ttl before. */
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
    asked: evidence.endersAt(entry.lock).filter((call) => asksFor(evidence, call, entry, removed)),
    isExpiry: how !== 'key' && isPastItsTime(evidence, entry, removed),
  };
}

/** In words. */
export function howText({ how, lease }: Removal): string {
  if (lease === undefined) return 'deleted; it had no lease';
  if (how === 'key') return 'deleted by a request while its lease lived on';
  return how === 'lease' ? 'gone together with its lease' : 'gone';
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
  const lives = Math.max(evidence.claimedUntil(entry), creator.startedAt + ttlMs);
  return removed.lease !== undefined && removed.seenAt >= lives;
}

function asksFor(evidence: Evidence, call: Call, entry: Entry, removed: Removed): boolean {
  const { clock } = evidence;
  if (call.startedAt > removed.seenAt || !names(evidence, call, entry)) return false;
  // What had gone before it began it did not end.
  if (removed.revision <= clock.settledBy(call.startedAt)) return false;
  if (!isDefinite(call)) return true;
  // What is answered is done: it cannot have ended an entry that was made, or still there, after its answer.
  const latest = clock.possibleBy(call.endedAt ?? Infinity);
  return call.status === 200 && entry.createRevision <= latest && removed.revision <= latest;
}

/** By owner and by force only holders are ended. */
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
