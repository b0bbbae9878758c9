// What the three ways of serving a watch share: the call, what they need, and how they fail.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { RevisionLine } from '../../etcd/revision-line.js';
import { futureRevision, newestBefore } from '../../domain/future-revision.js';
import type { HubRequest, WatchHub } from '../../domain/watch/hub.js';
import type { Position } from '../../domain/watch/position.js';
import type { KeyEncoding } from './key-text.js';
import type { OpenWatches } from './watch-open.js';

/** What a request asks to watch, and how its keys are spelled. */
export interface WatchCall {
  readonly request: HubRequest;
  readonly keyEncoding: KeyEncoding;
  readonly previous: boolean;
}

export interface ServeDeps {
  readonly hub: WatchHub;
  readonly open: OpenWatches;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
  /** The store's revision now, for who is told of a compaction. */
  readonly currentRevision: (caller: Caller) => Promise<number>;
  readonly line: Pick<RevisionLine, 'revision'>;
}

/**
 * The newest revision when the watch is to start from one that etcd has not reached: it would wait for other events than the client missed.
 * Throws when etcd cannot be read.
 */
export async function newestIfAhead(
  deps: ServeDeps,
  caller: Caller,
  { request: { since } }: WatchCall,
): Promise<number | undefined> {
  return since && newestBefore(caller, deps, since.revision);
}

export function aheadError({ request: { since } }: WatchCall, newest: number): GatewayError {
  return futureRevision(since?.revision ?? newest, newest, 'since');
}

/** For a watch whose history is lost: etcd was restored or emptied and is at `revision`. */
export function resetError(revision: number): GatewayError {
  return new GatewayError('revision-compacted', {
    detail: `etcd was restored from a backup or emptied; its revision is ${revision} now`,
    hint: 'read the keys again and watch from the Etcd-Revision of that response',
    fields: { oldestRevision: revision },
  });
}

export function compactedError(oldestRevision: number, since: Position | undefined): GatewayError {
  return new GatewayError('revision-compacted', {
    detail: `the events after ${since?.revision ?? 0} are compacted; ${oldestRevision} is the oldest revision that can be watched`,
    hint: 'read the keys again and watch from the Etcd-Revision of that answer',
    fields: { oldestRevision },
  });
}
