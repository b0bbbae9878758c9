// Which events a wait is woken by, and how often. etcd's v2 had two rules, which differ in what they hide: one for what is in its history
// when the wait begins, one for what happens from then on. Pure.
import type { WatchEvent } from '../../../etcd/wire.js';
import type { V2Action, V2Event } from '../tree/node.js';
import { fileKey, insideOf, isBelow } from '../tree/path.js';
import { containsKey } from '../../../etcd/range.js';

export interface WaitTarget {
  readonly path: string;
  readonly isRecursive: boolean;
}

/**
 * How many times a wait for `target` is told of an event. `keys` are the events of the same revision. `isPast`: it lies in the history of
 * the store as it was when the wait began.
 */
export function timesTold(
  { path, isRecursive }: WaitTarget,
  event: V2Event,
  keys: readonly WatchEvent[],
  isPast: boolean,
): number {
  if (event.isRefresh === true) return 0;
  const at = event.node.path;
  if (at === path) return isRemoval(event) && !isPast ? TOLD_OF_REMOVAL : 1;
  if (isBelow(at, path)) return isRecursive && (isPast || !isHiddenFrom(path, at)) ? 1 : 0;
  const isDirectoryGone = event.node.isDirectory && isRemoval(event);
  if (isPast) return isDirectoryGone && isNamedAbove(at, path) ? 1 : 0;
  return isDirectoryGone && isBelow(path, at) && keys.some((key) => isRemovedAt(key, path)) ? 1 : 0;
}

/** In its history v2 compared characters, not names: `/a` counts as a directory above `/a/b`, and above `/a-b`. */
export function isNamedAbove(directory: string, path: string): boolean {
  return path !== directory && path.startsWith(directory);
}

/** Once as what is removed, once as what is changed: who reads a stream of the node itself sees both. */
const TOLD_OF_REMOVAL = 2;

export function isRemoval({ action }: { readonly action: V2Action }): boolean {
  return action === 'delete' || action === 'compareAndDelete' || action === 'expire';
}

/** The node is hidden, or lies in a hidden directory, as seen from where the wait is. */
function isHiddenFrom(path: string, at: string): boolean {
  return at.slice(path.length).includes('/_');
}

/** Something that was at or below the path went. */
function isRemovedAt({ kind, kv }: WatchEvent, path: string): boolean {
  if (kind !== 'delete') return false;
  return kv.key.equals(fileKey(path)) || containsKey(insideOf(path), kv.key);
}
