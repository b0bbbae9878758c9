// The state of a lock or an election, reloaded whenever its range changes: one watch and one read for all clients that follow it.
import type { Caller, Identity } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import { isAccessDenied } from '../../domain/rights/denial.js';
import type { RevisionMonitor } from '../../etcd/revision-monitor.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { WatchEnd, WatchHandle } from '../../etcd/watch/watch-listener.js';
import type { Span } from '../../etcd/wire.js';

/** At most ten states per second are sent, however often the range changes. */
const STATE_INTERVAL_MS = 100;
const READ_TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;

export interface StateSource<T> {
  readonly identity: Identity;
  readonly range: Span;
  /** Reads the whole state at `revision`. */
  readonly read: (caller: Caller) => Promise<T & { readonly revision: number }>;
}

export interface StateListener<T> {
  onState(state: T): void;
  /** The last call: the client may not read the state, or no longer. */
  onRefused(error: GatewayError): void;
}

interface FeedDeps {
  readonly watches: WatchClient;
  readonly revisionMonitor: Pick<RevisionMonitor, 'epoch'>;
}

class StateFeed<T> {
  readonly #source: StateSource<T>;
  readonly #watches: WatchClient;
  readonly #revisionMonitor: Pick<RevisionMonitor, 'epoch'>;
  readonly #listeners = new Set<StateListener<T>>();
  readonly #onRefused: () => void;
  readonly #closed = new AbortController();
  #handle: WatchHandle | undefined;
  #timer: NodeJS.Timeout | undefined;
  #readAt = 0;
  #isReading = false;
  /** Counts the requests for a new read. */
  #refreshes = 0;
  #state: T | undefined;

  constructor(
    { watches, revisionMonitor }: FeedDeps,
    source: StateSource<T>,
    onRefused: () => void,
  ) {
    this.#onRefused = onRefused;
    this.#watches = watches;
    this.#revisionMonitor = revisionMonitor;
    this.#source = source;
    this.#refresh();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  add(listener: StateListener<T>): void {
    this.#listeners.add(listener);
    if (this.#state !== undefined) listener.onState(this.#state);
  }

  remove(listener: StateListener<T>): void {
    this.#listeners.delete(listener);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#closed.abort();
    this.#handle?.close();
  }

  #refresh(afterMs = this.#readAt + STATE_INTERVAL_MS - performance.now()): void {
    this.#refreshes++;
    if (this.#isReading || this.#timer !== undefined || this.#closed.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#read(), Math.max(0, afterMs));
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    this.#isReading = true;
    const refreshes = this.#refreshes;
    const { epoch } = this.#revisionMonitor;
    this.#readAt = performance.now();
    const { identity } = this.#source;
    const deadline = this.#readAt + READ_TIMEOUT_MS;
    try {
      const state = await this.#source.read({ identity, signal: this.#closed.signal, deadline });
      if (this.#closed.signal.aborted) return;
      if (epoch !== this.#revisionMonitor.epoch) {
        // The store was reset during the read.
        this.#finishRead(0);
        return;
      }
      this.#state = state;
      for (const listener of this.#listeners) listener.onState(state);
      if (this.#handle === undefined) this.#watch(state.revision);
      this.#finishRead(this.#refreshes === refreshes ? undefined : 0);
    } catch (error) {
      if (isAccessDenied(error)) this.#end(error);
      else this.#finishRead(RETRY_MS);
    }
  }

  /** Ends the feed. Clients that follow from now on get a new feed, which checks their rights. */
  #end(error: GatewayError): void {
    this.#onRefused();
    this.close();
    for (const listener of [...this.#listeners]) listener.onRefused(error);
  }

  /** `nextReadAfterMs` undefined: the state is up to date. */
  #finishRead(nextReadAfterMs: number | undefined): void {
    this.#isReading = false;
    if (nextReadAfterMs !== undefined)
      this.#refresh(
        Math.max(nextReadAfterMs, this.#readAt + STATE_INTERVAL_MS - performance.now()),
      );
  }

  #watch(revision: number): void {
    const onEnd = ({ kind }: WatchEnd): void => {
      this.#handle = undefined;
      this.#refresh(kind === 'reset' ? undefined : RETRY_MS);
    };
    const { identity, range } = this.#source;
    this.#handle = this.#watches.watch(
      identity,
      { ...range, startRevision: revision + 1 },
      // However the watch ends, the next read starts a new one.
      { onEvents: () => this.#refresh(), onEnd },
    );
  }
}

/** Shares one feed among all clients that follow the same range with the same rights. */
export class StateFeeds<T> {
  readonly #deps: FeedDeps;
  readonly #feeds = new Map<string, StateFeed<T>>();

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  /** Passes the current state to `listener`, then each new one. Returns a function that ends this. */
  follow(source: StateSource<T>, listener: StateListener<T>): () => void {
    const name = `${source.identity.key}\n${source.range.key.toString('latin1')}`;
    const feed: StateFeed<T> =
      this.#feeds.get(name) ??
      new StateFeed(this.#deps, source, () => {
        if (this.#feeds.get(name) === feed) this.#feeds.delete(name);
      });
    this.#feeds.set(name, feed);
    feed.add(listener);
    return () => {
      feed.remove(listener);
      if (feed.listeners > 0 || this.#feeds.get(name) !== feed) return;
      this.#feeds.delete(name);
      feed.close();
    };
  }
}
