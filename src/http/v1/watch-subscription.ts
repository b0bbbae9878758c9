// The parts that event streams and long polls share: what a client watches, the dependencies, and errors.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { RevisionMonitor } from '../../etcd/revision-monitor.js';
import { futureRevision, newestBefore } from '../../domain/future-revision.js';
import type { HubRequest, WatchHub } from '../../domain/watch/hub.js';
import type { Position } from '../../domain/watch/position.js';
import type { KeyEncoding } from './key-text.js';
import type { OpenWatches } from './open-watches.js';

/** What a client watches, and the format of keys and events. */
export interface WatchSubscription {
  readonly request: HubRequest;
  readonly keyEncoding: KeyEncoding;
  readonly previous: boolean;
}

export interface WatchDeps {
  readonly hub: WatchHub;
  readonly open: OpenWatches;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
  /** Reads etcd's current revision, which the notice of a compaction includes. */
  readonly currentRevision: (caller: Caller) => Promise<number>;
  readonly revisionMonitor: Pick<RevisionMonitor, 'revision'>;
}

/**
 * Returns etcd's newest revision if the watch starts after it, and `undefined` otherwise. Such a watch would wait for other events than the
 * client missed. Throws if etcd cannot be read.
 */
export async function newestIfAhead(
  deps: WatchDeps,
  caller: Caller,
  { request: { since } }: WatchSubscription,
): Promise<number | undefined> {
  return since && newestBefore(caller, deps, since.revision);
}

export function aheadError(
  { request: { since } }: WatchSubscription,
  newest: number,
): GatewayError {
  return futureRevision(since?.revision ?? newest, newest, 'since');
}

/** The error of a watch after etcd was restored or emptied, and is at `revision`. */
export function resetError(revision: number): GatewayError {
  return new GatewayError('revision-compacted', {
    detail: `etcd was restored from a backup or emptied; its revision is now ${revision}`,
    hint: 'read the keys again and watch from the Etcd-Revision of that response',
    fields: { oldestRevision: revision },
  });
}

export function compactedError(oldestRevision: number, since: Position | undefined): GatewayError {
  return new GatewayError('revision-compacted', {
    detail: `the events after ${since?.revision ?? 0} are compacted; ${oldestRevision} is the oldest revision that can be watched`,
    hint: 'read the keys again and watch from the Etcd-Revision of that response',
    fields: { oldestRevision },
  });
}
