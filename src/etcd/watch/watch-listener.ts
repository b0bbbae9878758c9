// What a consumer of a watch hears and can do. Types only.
import type { GatewayError } from '../../core/errors.js';
import type { WatchEvent } from '../wire.js';

/**
 * Why a watch ended. `compacted`: its next revision is gone, watch from a newer one. `refused`: the same watch would be refused again.
 * `broken`: the way to etcd failed, watch again from where you were. `reset`: etcd was restored or emptied, and revisions of before are
 * those of another history: read the state again and watch from there.
 */
export type WatchEnd =
  | {
      readonly kind: 'compacted';
      /** The oldest revision that can still be watched. */
      readonly compactRevision: number;
      /** The store's, 0 where etcd does not tell (3.4 and 3.5 do not). */
      readonly revision: number;
    }
  | { readonly kind: 'refused'; readonly error: GatewayError }
  | { readonly kind: 'broken'; readonly error: GatewayError }
  /** `revision`: the store's, as a linearizable read returned it. */
  | { readonly kind: 'reset'; readonly revision: number };

/** Its methods must not throw: nobody above could tell whose watch it was. They may open and close watches. */
export interface WatchListener {
  /** The watch exists upstream: the events from `revision` + 1 on are coming, or those from `startRevision` on. */
  onCreated?(revision: number): void;
  /**
   * Events in etcd's order, each once. A call never ends inside a revision: etcd sends a revision's events in one message, and where that
   * is cut into fragments they are joined here. `revision` is the store's at that time: while a watch catches up, events below it still
   * follow. Where to go on is the last event's `modRevision` + 1.
   */
  onEvents(events: readonly WatchEvent[], revision: number): void;
  /**
   * etcd says: everything up to `revision` was delivered. True when `isPeriodic` (asked for with `progressNotify`). The answer to
   * `requestProgress` was seen to run ahead of the events that it covers on 3.4.23; etcd keeps the order from 3.5.8 on.
   */
  onProgress?(revision: number, isPeriodic: boolean): void;
  /** The last call, unless the watch was closed by its handle: then there is none. */
  onEnd(end: WatchEnd): void;
}

export interface WatchHandle {
  /** Nothing is heard of the watch from now on. */
  close(): void;
  /**
   * Asks etcd how far it is. There may be no answer: from 3.5.8 on etcd gives none while any watch of the same stream catches up or
   * waits for its `startRevision` to be written, as one from the current revision + 1 does.
   */
  requestProgress(): void;
}
