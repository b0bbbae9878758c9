// What one revision of etcd means to v2: the one event that its record tells, or the nearest one for each key that another door changed.
// Pure.
import type { WatchEvent } from '../../../etcd/wire.js';
import { isMarker } from '../../reserved.js';
import { directoryNode, fileNode } from '../tree/node.js';
import type { LifetimeOf, V2Event, V2Node } from '../tree/node.js';
import { directoryOfMarker, fileKey, isBelow, isUnnameable, markerKey } from '../tree/path.js';
import type { ChangeRecord } from './event-record.js';

export interface RevisionOfKeys {
  readonly revision: number;
  /** The events of that revision in the range that is watched, with what was there before. */
  readonly events: readonly WatchEvent[];
  readonly record: ChangeRecord | undefined;
}

/** What the keys do not tell by themselves. */
export interface Surroundings {
  readonly lifetimeOf: LifetimeOf;
  /** False: the key went with its lease. */
  readonly isLeaseAlive: (lease: string) => boolean;
}

export function eventsOf(of: RevisionOfKeys, surroundings: Surroundings): V2Event[] {
  if (of.record !== undefined) return [recordedEvent(of, of.record, surroundings)];
  const gone = of.events.filter(isRemovedDirectory).map(({ kv }) => directoryOfMarker(kv.key));
  const isBelowGone = createBelowCheck(gone);
  const isTold = (event: WatchEvent): boolean =>
    event.kind === 'put' || !isBelowGone(pathOf(event));
  return of.events.filter(isTold).flatMap((event) => nearestEvent(event, of, surroundings) ?? []);
}

/**
 * Whether a path is below one of many directories, in a time that grows with the logarithm of their number: one revision can remove
 * hundreds of thousands.
 */
function createBelowCheck(directories: readonly string[]): (path: string) => boolean {
  const topmost: string[] = [];
  for (const prefix of directories.map((directory) => `${directory}/`).sort()) {
    const last = topmost.at(-1);
    if (last === undefined || !prefix.startsWith(last)) topmost.push(prefix);
  }
  // None of them begins another: of those that are not behind the path only the last can begin it.
  return (path) => {
    const nearest = topmost[countUpTo(topmost, path) - 1];
    return nearest !== undefined && path.startsWith(nearest);
  };
}

/** How many of the sorted texts are not behind `text`. */
function countUpTo(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A directory went with all that was below, which v2 tells as one event. */
function isRemovedDirectory({ kind, kv }: WatchEvent): boolean {
  return (
    kind === 'delete' && isMarker(kv.key) && kv.key.equals(markerKey(directoryOfMarker(kv.key)))
  );
}

/** Of the node that the key is, or is a marker of. */
function pathOf({ kv }: WatchEvent): string {
  return isMarker(kv.key) ? directoryOfMarker(kv.key) : kv.key.toString('latin1');
}

function recordedEvent(
  { revision, events }: RevisionOfKeys,
  record: ChangeRecord,
  { lifetimeOf }: Surroundings,
): V2Event {
  const { action, path, isDirectory, lifetime, isRefresh = false } = record;
  const key = fileKey(path);
  const file = events.find(({ kv }) => kv.key.equals(key));
  const before = file?.prevKv && fileNode(path, file.prevKv, lifetimeOf, record.at);
  const isRemoval = action === 'delete' || action === 'compareAndDelete' || action === 'expire';
  const createdIndex = isDirectory ? record.createdIndex : createdIndexOf(file);
  return {
    action,
    node: {
      path,
      isDirectory,
      value: isDirectory || isRemoval ? undefined : file?.kv.value,
      lifetime,
      modifiedIndex: revision,
      createdIndex: createdIndex ?? revision,
    },
    prevNode: before ?? record.previous,
    isRefresh,
  };
}

function createdIndexOf(file: WatchEvent | undefined): number | undefined {
  return file?.kind === 'delete' ? file.prevKv?.createRevision : file?.kv.createRevision;
}

/** Of a change that no v2 door made. */
function nearestEvent(
  event: WatchEvent,
  of: RevisionOfKeys,
  surroundings: Surroundings,
): V2Event | undefined {
  const { key } = event.kv;
  if (isMarker(key)) return nearestOfMarker(event, of, surroundings);
  const path = key.toString('latin1');
  if (path.split('/').slice(1).some(isUnnameable)) return undefined;
  const prevNode = event.prevKv && fileNode(path, event.prevKv, surroundings.lifetimeOf);
  if (event.kind === 'put')
    return { action: 'set', node: fileNode(path, event.kv, surroundings.lifetimeOf), prevNode };
  const lease = event.prevKv?.lease;
  const isExpired = lease !== undefined && !surroundings.isLeaseAlive(lease);
  return {
    action: isExpired ? 'expire' : 'delete',
    node: removed(path, false, of.revision, prevNode),
    prevNode,
  };
}

/** Directories made and removed without a record, by those who may not write it. */
function nearestOfMarker(
  event: WatchEvent,
  { revision, events }: RevisionOfKeys,
  { lifetimeOf }: Surroundings,
): V2Event | undefined {
  const { kv, prevKv, kind } = event;
  const path = directoryOfMarker(kv.key);
  if (!kv.key.equals(markerKey(path))) return undefined;
  const toNode = (each: typeof kv): V2Node =>
    directoryNode(path, each, each.lease === undefined ? undefined : lifetimeOf(each.lease));
  const prevNode = prevKv && toNode(prevKv);
  if (kind === 'delete') {
    // With its lease goes the marker alone; the directory follows, and that is told.
    const isAlone = prevKv?.lease !== undefined && events.length === 1;
    const node = removed(path, true, revision, prevNode);
    return isAlone ? undefined : { action: 'delete', node, prevNode };
  }
  // A directory on the way to something else that was made.
  const isOnTheWay = events.some((each) => each.kind === 'put' && isBelow(pathOf(each), path));
  if (isOnTheWay) return undefined;
  const node = { ...toNode(kv), modifiedIndex: revision };
  return { action: prevKv === undefined ? 'set' : 'update', node, prevNode };
}

function removed(
  path: string,
  isDirectory: boolean,
  revision: number,
  previous: V2Node | undefined,
): V2Node {
  return {
    path,
    isDirectory,
    modifiedIndex: revision,
    createdIndex: previous?.createdIndex ?? revision,
  };
}
