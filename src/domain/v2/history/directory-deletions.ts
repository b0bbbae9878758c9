// What the history of v2 told besides the events of a node: the removals of directories above it, whether the node was there or not. etcd's
// own history has nothing of a node that was not there; the records of changes have.
import { containsKey } from '../../../etcd/range.js';
import type { KeyRange, Span, WatchEvent } from '../../../etcd/wire.js';
import type { EventTranslator } from './event-translator.js';
import { insideOf } from '../tree/path.js';
import { isNamedAbove, isRemoval } from './delivery-count.js';

/** etcd's v2 remembered so many events. */
const REVISIONS_MAX = 1_000;

export interface PastRemoval {
  readonly revision: number;
  readonly directory: string;
}

/** Between two revisions, oldest first; none that lies too far back, or that the records do not tell to the caller. */
export async function removalsAbove(
  translator: EventTranslator,
  path: string,
  first: number,
  last: number,
): Promise<PastRemoval[]> {
  // Nothing is above the root.
  if (path === '') return [];
  const from = Math.max(first, last - REVISIONS_MAX + 1);
  const revisions = Array.from({ length: Math.max(0, last - from + 1) }, (_, at) => from + at);
  const records = await translator.recordsOf(revisions);
  return revisions.flatMap((revision, at) => {
    const record = records[at];
    const isOne =
      record?.isDirectory === true && isRemoval(record) && isNamedAbove(record.path, path);
    return isOne ? { revision, directory: record.path } : [];
  });
}

/** What one watch is asked for: a node, and what of it has to do with directories above. */
export interface Reach {
  readonly range: KeyRange;
  readonly removals: readonly PastRemoval[];
}

/**
 * Ranges that hold the reach of a node and keys of every removal, since only the events of one watch come in their order; one for who may
 * watch all, then those without the directories that are further and further up. v2 gives a marker to every directory that it makes.
 */
export function reachesWith(reach: Span, removals: readonly PastRemoval[]): Reach[] {
  const directories = new Set(removals.map(({ directory }) => directory));
  // All of them begin the path: the shortest is the topmost.
  const topFirst = [...directories].sort((a, b) => a.length - b.length);
  return topFirst.map((top) => ({
    range: spanOfBoth(reach, insideOf(top)),
    removals: removals.filter(({ directory }) => directory.length >= top.length),
  }));
}

/** What of a wider watch belongs to the node, or to one of the removals. */
export function isWanted({ kv }: WatchEvent, reach: KeyRange, { removals }: Reach): boolean {
  return containsKey(reach, kv.key) || removals.some(({ revision }) => revision === kv.modRevision);
}

function spanOfBoth(one: Span, other: Span): Span {
  return {
    key: one.key.compare(other.key) <= 0 ? one.key : other.key,
    rangeEnd: one.rangeEnd.compare(other.rangeEnd) >= 0 ? one.rangeEnd : other.rangeEnd,
  };
}
