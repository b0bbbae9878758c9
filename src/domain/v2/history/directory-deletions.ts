// Past deletions of directories above a node. etcd's v2 event history reported them to a wait, even if the node did not exist. The history of
// etcd v3 has no event for a node that did not exist, but the event records show these deletions.
import { containsKey } from '../../../etcd/range.js';
import type { KeyRange, Span, WatchEvent } from '../../../etcd/wire.js';
import { rangeBelow } from '../tree/path.js';
import { isDeletion, isTextualAncestor } from './delivery-count.js';
import type { EventTranslator } from './event-translator.js';

/** The size of the event history in etcd's v2 store. */
const REVISIONS_MAX = 1_000;

export interface DirectoryDeletion {
  readonly revision: number;
  readonly directory: string;
}

/** Returns the deletions between two revisions, oldest first. Omits those that are too old or whose records the caller cannot read. */
export async function readDeletionsAbove(
  translator: EventTranslator,
  path: string,
  first: number,
  last: number,
): Promise<DirectoryDeletion[]> {
  // No directory is above the root.
  if (path === '') return [];
  const from = Math.max(first, last - REVISIONS_MAX + 1);
  const revisions = Array.from({ length: Math.max(0, last - from + 1) }, (_, at) => from + at);
  const records = await translator.readRecords(revisions);
  return revisions.flatMap((revision, at) => {
    const record = records[at];
    const isDeletionAbove =
      record?.isDirectory === true && isDeletion(record) && isTextualAncestor(record.path, path);
    return isDeletionAbove ? { revision, directory: record.path } : [];
  });
}

/** The range of one watch, and the deletions above the node that it includes. */
export interface WatchScope {
  readonly range: KeyRange;
  readonly deletions: readonly DirectoryDeletion[];
}

/**
 * Returns scopes that include the node and keys of every deletion, because only the events of a single watch are in order. The first one
 * includes all deletions. Each following one leaves out the topmost directory, for callers without rights to it. Every directory that was
 * created through the v2 API has a marker, so that its deletion is an event.
 */
export function watchScopes(
  nodeRange: Span,
  deletions: readonly DirectoryDeletion[],
): WatchScope[] {
  const directories = new Set(deletions.map(({ directory }) => directory));
  // Each directory is a prefix of the path, so that the shortest is the topmost.
  const topFirst = [...directories].sort((a, b) => a.length - b.length);
  return topFirst.map((top) => ({
    range: enclosingRange(nodeRange, rangeBelow(top)),
    deletions: deletions.filter(({ directory }) => directory.length >= top.length),
  }));
}

/** Returns whether an event of the watch concerns the node or one of the deletions. */
export function isInScope(
  { kv }: WatchEvent,
  nodeRange: KeyRange,
  { deletions }: WatchScope,
): boolean {
  return (
    containsKey(nodeRange, kv.key) || deletions.some(({ revision }) => revision === kv.modRevision)
  );
}

function enclosingRange(one: Span, other: Span): Span {
  return {
    key: one.key.compare(other.key) <= 0 ? one.key : other.key,
    rangeEnd: one.rangeEnd.compare(other.rangeEnd) >= 0 ? one.rangeEnd : other.rangeEnd,
  };
}
