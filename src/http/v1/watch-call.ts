// What the three ways of serving a watch share: the call, what they need, and how they fail.
import type { Caller } from '../../caller.js';
import { GatewayError } from '../../errors.js';
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
}

export function compactedError(oldestRevision: number, since: Position | undefined): GatewayError {
  return new GatewayError('revision-compacted', {
    detail: `the events after ${since?.revision ?? 0} are compacted; ${oldestRevision} is the oldest revision that can be watched`,
    hint: 'read the keys again and watch from the Etcd-Revision of that answer',
    fields: { oldestRevision },
  });
}
