// One upstream watch of a range, and the watchers of that range and of ranges inside it. Resumes the upstream watch while this one is open.
import type { Identity } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import { containsRange, rangeKey } from '../../etcd/range.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import { ResumingWatch } from '../../etcd/watch/resuming-watch.js';
import type { WatchEnd } from '../../etcd/watch/watch-listener.js';
import type { KeyRange, WatchEvent, WatchRequest } from '../../etcd/wire.js';
import { deliveriesIn } from './delivery.js';
import type { Delivery } from './delivery.js';
import { EventBuffer } from './event-buffer.js';
import type { BufferBudget } from './event-buffer.js';
import { firstRevisionAfter, isBehind } from './position.js';
import type { Position } from './position.js';

/** `onLive` is called once and first; `onCompacted`, `onReset` or `onRefused` is the last call. The methods must not throw. */
export interface Watcher {
  /** The watch is live: every event after `position` will be delivered. */
  onLive(position: Position): void;
  /** Never empty, never ends inside a revision. Watchers of the same range receive the same array. */
  onEvents(deliveries: readonly Delivery[]): void;
  /** Every event up to `revision` has been delivered. */
  onProgress(revision: number): void;
  /** The end, live or not: events between the watcher's position and `oldestRevision` are compacted. */
  onCompacted(oldestRevision: number): void;
  /** The end, live or not: etcd was restored or emptied and is at `revision` now. Earlier revisions belong to another history. */
  onReset(revision: number): void;
  /** The end, live or not: this watch is refused. */
  onRefused(error: GatewayError): void;
}

/** A watch that is less far behind is almost current: etcd sends this many revisions at once, ten times a second. */
const NEAR_REVISIONS_MAX = 1_000;

interface Subscriber {
  readonly watcher: Watcher;
  /** What the watcher received, or does not want. Undefined: everything before the watch began. */
  position: Position | undefined;
  isLive: boolean;
}

/** The subscribers of one range. */
interface RangeSubscribers {
  readonly range: KeyRange;
  readonly subscribers: Set<Subscriber>;
}

export interface SharedWatchDeps {
  readonly watches: WatchClient;
  readonly isProgressOrdered: () => boolean;
  /** False for keys that no client is shown. */
  readonly isVisible: (key: Buffer) => boolean;
  /** Whether a watch from that revision on would miss events. */
  readonly isCompacted: (identity: Identity, key: Buffer, revision: number) => Promise<boolean>;
  readonly budget: BufferBudget;
  readonly identity: Identity;
  readonly range: KeyRange;
  readonly previous: boolean;
  /** The last subscriber left. Watchers may still join. */
  readonly onEmpty: () => void;
  /** The shared watch is closed. No watcher may join. */
  readonly onClosed: () => void;
}

export class SharedWatch {
  readonly #deps: SharedWatchDeps;
  readonly #rows = new Map<string, RangeSubscribers>();
  readonly #buffer: EventBuffer;
  /** Delivered up to here, in `#epoch`; undefined while a watch "from now on" has not begun. */
  #revision: number | undefined;
  #epoch: number | undefined;
  /** The newest revision of the store that was received. */
  #storeRevision = 0;
  /** True once etcd created the upstream watch from a revision that is not compacted. */
  #isLive = false;
  readonly #upstream: ResumingWatch;
  #isClosed = false;

  constructor(deps: SharedWatchDeps, since: Position | undefined) {
    this.#deps = deps;
    this.#revision = since && firstRevisionAfter(since) - 1;
    this.#epoch = deps.watches.epoch;
    this.#buffer = new EventBuffer(deps.budget, this.#revision ?? 0);
    this.#upstream = new ResumingWatch(deps.watches, deps.identity, {
      request: () => this.#request(),
      onCreated: (revision) => this.#created(revision),
      onEvents: (events, revision) => this.#receiveEvents(events, revision),
      onProgress: (revision, isPeriodic) => {
        if (isPeriodic || deps.isProgressOrdered()) this.#advance(revision);
      },
      onEnd: (end) => this.#end(end),
    });
    // Starts after the first watcher has subscribed.
    queueMicrotask(() => this.#upstream.start());
  }

  /** Whether a watcher of this range from `since` on (undefined: now) can join without missing events or waiting for this watch to catch up. */
  serves(identity: Identity, range: KeyRange, previous: boolean, since?: Position): boolean {
    if (this.#isClosed || this.#epoch !== this.#deps.watches.epoch) return false;
    if (this.#deps.identity.key !== identity.key || (previous && !this.#deps.previous))
      return false;
    return containsRange(this.#deps.range, range) && this.#covers(since);
  }

  /** Returns the function that unsubscribes. Callbacks may run before this returns. */
  add(range: KeyRange, since: Position | undefined, watcher: Watcher): () => void {
    const name = rangeKey(range);
    const row = this.#rows.get(name) ?? { range, subscribers: new Set() };
    this.#rows.set(name, row);
    const subscriber: Subscriber = { watcher, position: since, isLive: false };
    row.subscribers.add(subscriber);
    if (this.#isLive) this.#begin(row, subscriber);
    return () => {
      if (this.#remove(row, subscriber) && this.#rows.size === 0) this.#deps.onEmpty();
    };
  }

  requestProgress(): void {
    if (this.#isLive && this.#deps.isProgressOrdered()) this.#upstream.handle?.requestProgress();
  }

  /** Closes the watch without notifying its watchers. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#upstream.close();
    this.#buffer.restart(0);
    this.#deps.onClosed();
  }

  #covers(since: Position | undefined): boolean {
    const isNear = this.#storeRevision - (this.#revision ?? 0) <= NEAR_REVISIONS_MAX;
    if (this.#revision === undefined) return since === undefined;
    // The upstream watch may start at a future revision. A watcher from now on needs earlier events.
    if (since === undefined) return isNear && this.#revision <= this.#storeRevision;
    const first = firstRevisionAfter(since);
    if (first <= this.#buffer.from) return false;
    return isNear || first <= this.#revision + 1;
  }

  #request(): WatchRequest {
    const { watches, range, previous } = this.#deps;
    if (this.#revision === undefined) this.#epoch = watches.epoch;
    return {
      ...range,
      ...(this.#revision !== undefined && { startRevision: this.#revision + 1 }),
      epoch: this.#epoch,
      prevKv: previous,
      progressNotify: true,
    };
  }

  #created(revision: number): void {
    this.#storeRevision = Math.max(this.#storeRevision, revision);
    if (this.#revision === undefined) {
      this.#revision = revision;
      this.#buffer.restart(revision);
    }
    if (this.#revision >= revision) this.#goLive();
    else void this.#confirm(this.#revision + 1);
  }

  /** etcd accepts a watch from a compacted revision and cancels it later. Until then it looks like an idle watch. */
  async #confirm(start: number): Promise<void> {
    const { identity, range, isCompacted } = this.#deps;
    const { handle } = this.#upstream;
    // If the check fails, etcd cancels the watch soon.
    const isGone = await isCompacted(identity, range.key, start).catch(() => false);
    if (!isGone && handle === this.#upstream.handle) this.#goLive();
  }

  #goLive(): void {
    if (this.#isLive || this.#isClosed) return;
    this.#isLive = true;
    for (const [row, subscriber] of this.#all())
      if (!subscriber.isLive) this.#begin(row, subscriber);
  }

  /** For a watcher from now on, everything that the upstream watch received so far is in the past. */
  #begin(row: RangeSubscribers, subscriber: Subscriber): void {
    const revision = this.#revision ?? 0;
    const position = subscriber.position ?? { revision: Math.max(revision, this.#storeRevision) };
    subscriber.isLive = true;
    subscriber.position = position;
    subscriber.watcher.onLive(position);
    if (firstRevisionAfter(position) > revision) return;
    const deliveries = deliveriesIn(row.range, this.#buffer.events, this.#deps.isVisible);
    this.#deliver(row, subscriber, deliveries);
    subscriber.position = { revision };
    if (row.subscribers.has(subscriber)) subscriber.watcher.onProgress(revision);
  }

  #receiveEvents(events: readonly WatchEvent[], storeRevision: number): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#goLive();
    this.#storeRevision = Math.max(this.#storeRevision, storeRevision, last.kv.modRevision);
    this.#revision = Math.max(this.#revision ?? 0, last.kv.modRevision);
    this.#buffer.push(events);
    for (const row of [...this.#rows.values()]) {
      const deliveries = deliveriesIn(row.range, events, this.#deps.isVisible);
      for (const subscriber of [...row.subscribers]) this.#deliver(row, subscriber, deliveries);
    }
  }

  #advance(revision: number): void {
    this.#goLive();
    this.#storeRevision = Math.max(this.#storeRevision, revision);
    if (this.#revision === undefined || revision <= this.#revision) return;
    this.#revision = revision;
    for (const [row, subscriber] of this.#all()) {
      const isNews = subscriber.position === undefined || subscriber.position.revision < revision;
      if (isNews && row.subscribers.has(subscriber)) subscriber.watcher.onProgress(revision);
    }
  }

  /** Returns whether the upstream watch starts again. */
  #end(end: WatchEnd): boolean {
    this.#isLive = false;
    switch (end.kind) {
      case 'broken':
        if (end.error.code !== 'shutting-down') return true;
        this.#endAll((watcher) => watcher.onRefused(end.error));
        return false;
      case 'compacted':
        return this.#compacted(end.compactRevision);
      case 'refused':
        this.#endAll((watcher) => watcher.onRefused(end.error));
        return false;
      case 'reset':
        // A watch from now on that has not begun loses no events.
        if (this.#revision === undefined) return true;
        this.#endAll((watcher) => watcher.onReset(end.revision));
        return false;
    }
  }

  /** Watchers that do not need the compacted revisions continue. */
  #compacted(oldestRevision: number): boolean {
    // etcd contradicts itself. To retry would repeat that indefinitely.
    const isAbsurd = this.#revision === undefined || this.#revision + 1 >= oldestRevision;
    const lost = this.#all().filter(
      ([, { position }]) =>
        isAbsurd || (position !== undefined && firstRevisionAfter(position) < oldestRevision),
    );
    for (const [row, subscriber] of lost) this.#remove(row, subscriber);
    const isEmpty = this.#rows.size === 0;
    if (isEmpty) {
      this.close();
    } else {
      this.#revision = oldestRevision - 1;
      this.#buffer.restart(this.#revision);
    }
    for (const [, { watcher }] of lost) watcher.onCompacted(oldestRevision);
    return !isEmpty;
  }

  #endAll(end: (watcher: Watcher) => void): void {
    const all = this.#all();
    this.#rows.clear();
    this.close();
    for (const [row, subscriber] of all)
      if (row.subscribers.delete(subscriber)) end(subscriber.watcher);
  }

  #all(): (readonly [RangeSubscribers, Subscriber])[] {
    return [...this.#rows.values()].flatMap((row) =>
      [...row.subscribers].map((subscriber) => [row, subscriber] as const),
    );
  }

  #remove(row: RangeSubscribers, subscriber: Subscriber): boolean {
    if (!row.subscribers.delete(subscriber)) return false;
    if (row.subscribers.size > 0) return true;
    const name = rangeKey(row.range);
    if (this.#rows.get(name) === row) this.#rows.delete(name);
    return true;
  }

  #deliver(row: RangeSubscribers, subscriber: Subscriber, deliveries: readonly Delivery[]): void {
    const isNew = ({ event, n }: Delivery): boolean =>
      subscriber.position === undefined || !isBehind(subscriber.position, event.kv.modRevision, n);
    const [first] = deliveries;
    if (first === undefined || !row.subscribers.has(subscriber)) return;
    const fresh = isNew(first) ? deliveries : deliveries.filter(isNew);
    if (fresh.length > 0) subscriber.watcher.onEvents(fresh);
  }
}
