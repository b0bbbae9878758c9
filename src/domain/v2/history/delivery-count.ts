// Which events a wait receives, and how often. etcd's v2 store has two rules that hide different events: one for its history at the start of
// the wait, and one for later events. Pure.
import { containsKey } from '../../../etcd/range.js';
import type { WatchEvent } from '../../../etcd/wire.js';
import type { V2Action, V2Event } from '../tree/node.js';
import { fileKey, isBelow, rangeBelow } from '../tree/path.js';

export interface WaitTarget {
  readonly path: string;
  readonly isRecursive: boolean;
}

/** A stream receives the deletion of its own node twice: once as the deleted node and once as the changed node. */
const OWN_DELETION_DELIVERIES = 2;

/**
 * Returns how often a wait receives an event. `changes` are the events of etcd at the same revision. `isPast`: the event was in the history
 * of the store when the wait started.
 */
export function countDeliveries(
  { path, isRecursive }: WaitTarget,
  event: V2Event,
  changes: readonly WatchEvent[],
  isPast: boolean,
): number {
  if (event.isRefresh === true) return 0;
  const changedPath = event.node.path;
  if (changedPath === path) return isDeletion(event) && !isPast ? OWN_DELETION_DELIVERIES : 1;
  if (isBelow(changedPath, path))
    return isRecursive && (isPast || !isHiddenFrom(path, changedPath)) ? 1 : 0;
  if (!event.node.isDirectory || !isDeletion(event)) return 0;
  const isDeletedWith = isPast
    ? isTextualAncestor(changedPath, path)
    : isBelow(path, changedPath) && changes.some((change) => isDeletedAt(change, path));
  return isDeletedWith ? 1 : 0;
}

/** The history of etcd's v2 store compares characters instead of names. It treats `/a` as a directory above `/a/b` and above `/a-b`. */
export function isTextualAncestor(directory: string, path: string): boolean {
  return path !== directory && path.startsWith(directory);
}

export function isDeletion({ action }: { readonly action: V2Action }): boolean {
  return action === 'delete' || action === 'compareAndDelete' || action === 'expire';
}

/** Returns whether a name after the path of the wait is hidden. */
function isHiddenFrom(path: string, changedPath: string): boolean {
  return changedPath.slice(path.length).includes('/_');
}

/** Returns whether a key at or below the path was deleted. */
function isDeletedAt({ kind, kv }: WatchEvent, path: string): boolean {
  if (kind !== 'delete') return false;
  return kv.key.equals(fileKey(path)) || containsKey(rangeBelow(path), kv.key);
}
