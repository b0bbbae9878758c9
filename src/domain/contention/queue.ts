// Orders entries and tells holders from waiters. Pure: no I/O, no clock.
import type { Entry } from './entry.js';

/** By create revision; ties, which only foreign transactions make, by key. */
function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => a.createRevision - b.createRevision || a.key.compare(b.key));
}

/**
 * An exclusive entry holds when it is the first of all; a shared entry holds when no exclusive entry stands before it. No entry can
 * appear before an existing one, so who holds once holds until his key goes.
 */
export function holdersOf(entries: readonly Entry[]): Entry[] {
  const ordered = inOrder(entries);
  const firstExclusive = ordered.findIndex((entry) => entry.mode === 'exclusive');
  if (firstExclusive === 0) return ordered.slice(0, 1);
  return firstExclusive < 0 ? ordered : ordered.slice(0, firstExclusive);
}
