// Translates one revision of etcd into v2 events: the event of its record, or the most similar event for each key that another API changed.
// Pure.
import type { WatchEvent } from '../../../etcd/wire.js';
import { isV2InternalKey } from '../../reserved.js';
import { directoryNode, fileNode } from '../tree/node.js';
import type { ExpirationOfLease, V2Event, V2Node } from '../tree/node.js';
import {
  directoryOfInternalKey,
  fileKey,
  isBelow,
  isInvalidName,
  markerKey,
} from '../tree/path.js';
import { isDeletion } from './delivery-count.js';
import type { EventRecord } from './event-record.js';

export interface RevisionChanges {
  readonly revision: number;
  /** The events of that revision in the watched range, with previous values. */
  readonly events: readonly WatchEvent[];
  readonly record: EventRecord | undefined;
}

/** What the keys do not show. */
export interface EventContext {
  readonly expirationOf: ExpirationOfLease;
  /** False: the key expired with its lease. */
  readonly isLeaseAlive: (lease: string) => boolean;
}

export function toV2Events(changes: RevisionChanges, context: EventContext): V2Event[] {
  if (changes.record !== undefined) return [toRecordedEvent(changes, changes.record, context)];
  const deleted = changes.events
    .filter(isDeletedMarker)
    .map(({ kv }) => directoryOfInternalKey(kv.key));
  const isBelowDeleted = createBelowCheck(deleted);
  const isReported = (event: WatchEvent): boolean =>
    event.kind === 'put' || !isBelowDeleted(pathOf(event));
  return changes.events
    .filter(isReported)
    .flatMap((event) => inferEvent(event, changes, context) ?? []);
}

/**
 * Returns a check whether a path is below one of the directories. One revision can delete hundreds of thousands of directories, so that
 * each check takes logarithmic time.
 */
function createBelowCheck(directories: readonly string[]): (path: string) => boolean {
  const topmost: string[] = [];
  for (const prefix of directories.map((directory) => `${directory}/`).sort()) {
    const last = topmost.at(-1);
    if (last === undefined || !prefix.startsWith(last)) topmost.push(prefix);
  }
  // None of them is a prefix of another. Therefore only the last one that sorts before the path can be a prefix of it.
  return (path) => {
    const nearest = topmost[countUpTo(topmost, path) - 1];
    return nearest !== undefined && path.startsWith(nearest);
  };
}

/** Returns how many of the sorted texts are less than or equal to `text`. */
function countUpTo(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The v2 API reports the deletion of a directory with its content as one event. */
function isDeletedMarker({ kind, kv }: WatchEvent): boolean {
  return (
    kind === 'delete' &&
    isV2InternalKey(kv.key) &&
    kv.key.equals(markerKey(directoryOfInternalKey(kv.key)))
  );
}

/** Returns the path of the node that the key belongs to. */
function pathOf({ kv }: WatchEvent): string {
  return isV2InternalKey(kv.key) ? directoryOfInternalKey(kv.key) : kv.key.toString('latin1');
}

function toRecordedEvent(
  { revision, events }: RevisionChanges,
  record: EventRecord,
  { expirationOf }: EventContext,
): V2Event {
  const { action, path, isDirectory, expiration, isRefresh = false } = record;
  const key = fileKey(path);
  const file = events.find(({ kv }) => kv.key.equals(key));
  const previousFile = file?.prevKv && fileNode(path, file.prevKv, expirationOf, record.at);
  const createdIndex = isDirectory ? record.createdIndex : createdIndexOf(file);
  return {
    action,
    node: {
      path,
      isDirectory,
      value: isDirectory || isDeletion(record) ? undefined : file?.kv.value,
      expiration,
      modifiedIndex: revision,
      createdIndex: createdIndex ?? revision,
    },
    prevNode: previousFile ?? record.previous,
    isRefresh,
  };
}

function createdIndexOf(file: WatchEvent | undefined): number | undefined {
  return file?.kind === 'delete' ? file.prevKv?.createRevision : file?.kv.createRevision;
}

/** Returns the most similar v2 event of a change without a record. */
function inferEvent(
  event: WatchEvent,
  changes: RevisionChanges,
  context: EventContext,
): V2Event | undefined {
  const { key } = event.kv;
  if (isV2InternalKey(key)) return inferDirectoryEvent(event, changes, context);
  const path = key.toString('latin1');
  if (path.split('/').slice(1).some(isInvalidName)) return undefined;
  const prevNode = event.prevKv && fileNode(path, event.prevKv, context.expirationOf);
  if (event.kind === 'put')
    return { action: 'set', node: fileNode(path, event.kv, context.expirationOf), prevNode };
  const lease = event.prevKv?.lease;
  const isExpired = lease !== undefined && !context.isLeaseAlive(lease);
  return {
    action: isExpired ? 'expire' : 'delete',
    node: deletedNode(path, false, changes.revision, prevNode),
    prevNode,
  };
}

/** For directories that callers without rights to the event record create and delete. */
function inferDirectoryEvent(
  { kv, prevKv, kind }: WatchEvent,
  { revision, events }: RevisionChanges,
  { expirationOf }: EventContext,
): V2Event | undefined {
  const path = directoryOfInternalKey(kv.key);
  if (!kv.key.equals(markerKey(path))) return undefined;
  const toNode = (marker: typeof kv): V2Node =>
    directoryNode(
      path,
      marker,
      marker.lease === undefined ? undefined : expirationOf(marker.lease),
    );
  const prevNode = prevKv && toNode(prevKv);
  if (kind === 'delete') {
    // When a lease expires, only the marker is deleted. The deletion of the directory follows and is reported.
    const isAlone = prevKv?.lease !== undefined && events.length === 1;
    const node = deletedNode(path, true, revision, prevNode);
    return isAlone ? undefined : { action: 'delete', node, prevNode };
  }
  // The directory was created together with a node below it, whose event is reported.
  const hasNodeBelow = events.some((each) => each.kind === 'put' && isBelow(pathOf(each), path));
  if (hasNodeBelow) return undefined;
  const node = { ...toNode(kv), modifiedIndex: revision };
  return { action: prevKv === undefined ? 'set' : 'update', node, prevNode };
}

function deletedNode(
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
