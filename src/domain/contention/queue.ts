// The entries of one lock in order: the holders, then the waiters. Pure: no I/O, no clock.
import type { KeyValue } from '../../etcd/wire.js';
import { modeOf } from './key.js';
import type { LockMode, LockResource } from './key.js';

export interface Entry {
  readonly key: Buffer;
  readonly mode: LockMode;
  /** The fencing token. */
  readonly createRevision: number;
  readonly lease: string | undefined;
  readonly value: Buffer;
}

export interface Queue {
  /** One exclusive entry, or any number of shared ones. */
  readonly holders: readonly Entry[];
  /** In the order in which they become holders. */
  readonly waiters: readonly Entry[];
}

export function toEntry(resource: LockResource, kv: KeyValue): Entry {
  const { key, createRevision, lease, value } = kv;
  return { key, mode: modeOf(resource, key), createRevision, lease, value };
}

/**
 * Splits entries into holders and waiters. An exclusive entry holds if it is the oldest entry. A shared entry holds if no exclusive entry
 * is older. No entry can appear before an existing one, so a holder stays a holder until its key is deleted.
 */
export function toQueue(entries: readonly Entry[]): Queue {
  const ordered = inOrder(entries);
  const firstExclusive = ordered.findIndex((entry) => entry.mode === 'exclusive');
  const holderCount = firstExclusive < 0 ? ordered.length : Math.max(1, firstExclusive);
  return { holders: ordered.slice(0, holderCount), waiters: ordered.slice(holderCount) };
}

/** Sorts by create revision, then by key: only transactions of other clients create several entries at one revision. */
function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => a.createRevision - b.createRevision || a.key.compare(b.key));
}
