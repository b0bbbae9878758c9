// The interface between a watch and its consumer. Types only.
import type { GatewayError } from '../../core/errors.js';
import type { WatchEvent } from '../wire.js';

/**
 * Why a watch ended. `compacted`: its next revision is compacted; watch from a newer one. `refused`: etcd would reject the same watch
 * again. `broken`: the connection to etcd failed; watch again from the last position. `reset`: etcd was restored or emptied, and earlier
 * revisions belong to another history; read the state again and watch from its revision.
 */
export type WatchEnd =
  | {
      readonly kind: 'compacted';
      /** The oldest revision that can still be watched. */
      readonly compactRevision: number;
      /** The store's revision; 0 if etcd does not report it, as 3.4 and 3.5. */
      readonly revision: number;
    }
  | { readonly kind: 'refused'; readonly error: GatewayError }
  | { readonly kind: 'broken'; readonly error: GatewayError }
  /** `revision`: the store's, as a linearizable read returned it. */
  | { readonly kind: 'reset'; readonly revision: number };

/** Its methods must not throw, because the caller cannot assign the error to a watch. They may open and close watches. */
export interface WatchListener {
  /** The watch exists in etcd. Events follow from `revision` + 1, or from `startRevision`. */
  onCreated?(revision: number): void;
  /**
   * Delivers events in etcd's order, each once. A call contains only whole revisions: etcd sends the events of a revision in one message,
   * and fragments of a message are joined before. `revision` is the store's revision then: while a watch catches up, events below it
   * still follow. To resume, watch from the last event's `modRevision` + 1.
   */
  onEvents(events: readonly WatchEvent[], revision: number): void;
  /**
   * etcd reports that everything up to `revision` was delivered. Reliable if `isPeriodic` (requested with `progressNotify`). On 3.4.23 the
   * response to `requestProgress` can precede the events that it covers; from 3.5.8 on, etcd keeps the order.
   */
  onProgress?(revision: number, isPeriodic: boolean): void;
  /** The last call. Not called if the watch was closed by its handle. */
  onEnd(end: WatchEnd): void;
}

export interface WatchHandle {
  /** Closes the watch. The listener is not called afterwards. */
  close(): void;
  /**
   * Requests the progress from etcd. There may be no response: from 3.5.8 on, etcd sends none while any watch of the same stream catches
   * up or waits for its `startRevision`, as a watch from the current revision + 1 does.
   */
  requestProgress(): void;
}
