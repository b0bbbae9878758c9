// Multiplexes many watchers over few upstream watches. Watchers of the same range, or of ranges inside it, share one. Each watcher
// receives every event in its range from its position on, in order and exactly once, even if upstream watches break.
import type { Identity } from '../../core/caller.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { KeyRange } from '../../etcd/wire.js';
import type { BufferBudget } from './event-buffer.js';
import { SharedWatch } from './shared-watch.js';
import type { Watcher } from './shared-watch.js';
import type { Position } from './position.js';

export interface HubDeps {
  readonly watches: WatchClient;
  /** Whether the response to a progress request never precedes the events that it covers: etcd 3.5.8 and newer. */
  readonly isProgressOrdered: () => boolean;
  /** False for keys that no client is shown. */
  readonly isVisible: (key: Buffer) => boolean;
  /** Whether a watch from that revision on misses something; `key` is its first. Rejects when etcd cannot be read. */
  readonly isCompacted: (identity: Identity, key: Buffer, revision: number) => Promise<boolean>;
}

export interface HubRequest {
  readonly identity: Identity;
  readonly range: KeyRange;
  /** The watcher's position: it has everything up to there. Absent: it watches from now on. */
  readonly since?: Position | undefined;
  /** Events include the previous key-value pair. */
  readonly previous?: boolean | undefined;
}

/** How often idle shared watches request progress from etcd, so that idle watchers do not fall behind the compaction. */
const PROGRESS_EVERY_MS = 10_000;
/** A shared watch outlives its last watcher, so that clients that poll or reconnect find the events since. */
const UNUSED_WATCH_MS = 5_000;
const UNUSED_WATCHES_MAX = 100;

export class WatchHub {
  readonly #deps: HubDeps;
  readonly #budget: BufferBudget = { bytes: 0 };
  readonly #sharedWatches = new Set<SharedWatch>();
  /** Shared watches without watchers, with the timer that closes each. */
  readonly #empty = new Map<SharedWatch, NodeJS.Timeout>();
  readonly #progress: NodeJS.Timeout;
  #watchers = 0;

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#progress = setInterval(() => {
      for (const sharedWatch of this.#sharedWatches) sharedWatch.requestProgress();
    }, PROGRESS_EVERY_MS);
    this.#progress.unref();
  }

  /** Upstream watches. */
  get sharedWatches(): number {
    return this.#sharedWatches.size;
  }

  /** Watchers that have not unsubscribed, including those whose watch ended. */
  get watchers(): number {
    return this.#watchers;
  }

  /** Returns the function that ends the watch. Callbacks may run before this returns. */
  watch(request: HubRequest, watcher: Watcher): () => void {
    const sharedWatch = this.#sharedWatchFor(request);
    clearTimeout(this.#empty.get(sharedWatch));
    this.#empty.delete(sharedWatch);
    const unwatch = sharedWatch.add(request.range, request.since, watcher);
    let isOver = false;
    this.#watchers++;
    return () => {
      if (!isOver) this.#watchers--;
      isOver = true;
      unwatch();
    };
  }

  /** Ends all upstream watches without notifying the watchers. */
  close(): void {
    clearInterval(this.#progress);
    for (const sharedWatch of [...this.#sharedWatches]) sharedWatch.close();
  }

  #sharedWatchFor({ identity, range, since, previous = false }: HubRequest): SharedWatch {
    for (const sharedWatch of this.#sharedWatches) {
      if (sharedWatch.serves(identity, range, previous, since)) return sharedWatch;
    }
    const sharedWatch: SharedWatch = new SharedWatch(
      {
        ...this.#deps,
        budget: this.#budget,
        identity,
        range,
        previous,
        onEmpty: () => this.#emptied(sharedWatch),
        onClosed: () => this.#forget(sharedWatch),
      },
      since,
    );
    this.#sharedWatches.add(sharedWatch);
    return sharedWatch;
  }

  #emptied(sharedWatch: SharedWatch): void {
    if (!this.#sharedWatches.has(sharedWatch)) return;
    if (this.#empty.size >= UNUSED_WATCHES_MAX) {
      sharedWatch.close();
      return;
    }
    const timer = setTimeout(() => sharedWatch.close(), UNUSED_WATCH_MS);
    timer.unref();
    this.#empty.set(sharedWatch, timer);
  }

  #forget(sharedWatch: SharedWatch): void {
    this.#sharedWatches.delete(sharedWatch);
    clearTimeout(this.#empty.get(sharedWatch));
    this.#empty.delete(sharedWatch);
  }
}
