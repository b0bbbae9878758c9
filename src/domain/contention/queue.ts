// Orders entries and tells holders from waiters. Pure: no I/O, no clock.
import type { Entry } from './entry.js';

export interface Queue {
  /** One exclusive entry, or shared ones. */
  readonly holders: readonly Entry[];
  /** In the order in which they will be served. */
  readonly waiters: readonly Entry[];
}

/**
 * An exclusive entry holds when it is the first of all; a shared entry holds when no exclusive entry stands before it. No entry can
 * appear before an existing one, so who holds once holds until his key goes.
 */
export function toQueue(entries: readonly Entry[]): Queue {
  const ordered = inOrder(entries);
  const firstExclusive = ordered.findIndex((entry) => entry.mode === 'exclusive');
  const holders = firstExclusive < 0 ? ordered.length : Math.max(1, firstExclusive);
  return { holders: ordered.slice(0, holders), waiters: ordered.slice(holders) };
}

/** By create revision; ties, which only foreign transactions make, by key. */
function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => a.createRevision - b.createRevision || a.key.compare(b.key));
}
