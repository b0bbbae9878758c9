// One upstream watch that is started again after it ends, until it is closed. Its owner states where each start continues.
import type { Identity } from '../../core/caller.js';
import type { WatchRequest } from '../wire.js';
import type { WatchClient } from './client.js';
import type { WatchEnd, WatchHandle, WatchListener } from './watch-listener.js';

/** The pause before a start doubles from the first to the longest one. A watch that etcd created resets it. */
const PAUSE_FIRST_MS = 50;
const PAUSE_MAX_MS = 2_000;

/** Its methods must not throw. They may close the watch. */
export interface ResumingWatchOwner extends Omit<WatchListener, 'onEnd'> {
  /** Returns the watch from the owner's position on. Called before each start. */
  request(): WatchRequest;
  /** Returns whether the watch starts again. */
  onEnd(end: WatchEnd): boolean;
}

export class ResumingWatch {
  readonly #watches: WatchClient;
  readonly #identity: Identity;
  readonly #owner: ResumingWatchOwner;
  #handle: WatchHandle | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = PAUSE_FIRST_MS;
  #isClosed = false;

  constructor(watches: WatchClient, identity: Identity, owner: ResumingWatchOwner) {
    this.#watches = watches;
    this.#identity = identity;
    this.#owner = owner;
  }

  /** The current upstream watch; another one after each start, none between an end and the next start. */
  get handle(): WatchHandle | undefined {
    return this.#handle;
  }

  /** Call it once. Callbacks may run before it returns. */
  start(): void {
    if (this.#isClosed) return;
    const owner = this.#owner;
    this.#handle = this.#watches.watch(this.#identity, owner.request(), {
      onCreated: (revision) => {
        this.#pauseMs = PAUSE_FIRST_MS;
        owner.onCreated?.(revision);
      },
      onEvents: (events, revision) => owner.onEvents(events, revision),
      onProgress: (revision, isPeriodic) => owner.onProgress?.(revision, isPeriodic),
      onEnd: (end) => {
        this.#handle = undefined;
        if (owner.onEnd(end)) this.#startLater();
      },
    });
  }

  /** The owner is not called afterwards. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#handle?.close();
  }

  #startLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(PAUSE_MAX_MS, this.#pauseMs * 2);
  }
}
