// One upstream watch of one range, resumed for as long as somebody listens, and the watchers of this range and of ranges inside it.
import type { Identity } from '../../core/caller.js';
import type { GatewayError } from '../../core/errors.js';
import { containsRange } from '../../etcd/range.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { WatchEnd, WatchHandle } from '../../etcd/watch/watch-listener.js';
import type { KeyRange, WatchEvent } from '../../etcd/wire.js';
import { deliveriesIn } from './delivery.js';
import type { Delivery } from './delivery.js';
import { EventBuffer } from './event-buffer.js';
import type { BufferBudget } from './event-buffer.js';
import { firstRevisionAfter, isBehind } from './position.js';
import type { Position } from './position.js';

/** Called in this order: `onLive` once, then the rest as it comes, one of the two ends last. Its methods must not throw. */
export interface Watcher {
  /** The watch is live: all that happened behind `position` will be delivered. */
  onLive(position: Position): void;
  /** Never empty, never ends inside a revision. Whoever watches the same range gets the same array. */
  onEvents(deliveries: readonly Delivery[]): void;
  /** Everything up to `revision` is surely delivered, though no event said so. */
  onProgress(revision: number): void;
  /** The end, live or not: events between the watcher's position and `oldestRevision` are gone. */
  onCompacted(oldestRevision: number): void;
  /** The end, live or not: etcd was restored or emptied and is at `revision` now; revisions of before belong to another history. */
  onReset(revision: number): void;
  /** The end, live or not: this watch is refused. */
  onRefused(error: GatewayError): void;
}

const REWATCH_FIRST_MS = 50;
const REWATCH_MAX_MS = 2_000;
/** Who lacks less is as good as up to date: etcd sends so many revisions to who catches up in one piece, ten times a second. */
const NEAR_REVISIONS_MAX = 1_000;

interface Subscriber {
  readonly watcher: Watcher;
  /** What he has, or does not want. Undefined: what was there when the watch began. */
  position: Position | undefined;
  isLive: boolean;
}

/** Watchers of one range. */
interface RangeSubscribers {
  readonly range: KeyRange;
  readonly subscribers: Set<Subscriber>;
}

export interface TopicDeps {
  readonly watches: WatchClient;
  readonly isProgressOrdered: () => boolean;
  /** False for keys that nobody is shown. */
  readonly isVisible: (key: Buffer) => boolean;
  /** Whether a watch from that revision on misses something. */
  readonly isCompacted: (identity: Identity, key: Buffer, revision: number) => Promise<boolean>;
  readonly budget: BufferBudget;
  readonly identity: Identity;
  readonly range: KeyRange;
  readonly previous: boolean;
  /** Nobody listens any more; whoever comes may still join. */
  readonly onEmpty: () => void;
  /** It is over; nobody may join. */
  readonly onClosed: () => void;
}

export class Topic {
  readonly #deps: TopicDeps;
  readonly #rows = new Map<string, RangeSubscribers>();
  readonly #kept: EventBuffer;
  /** Delivered up to here, in `#epoch`; undefined while a watch "from now on" has not begun. */
  #revision: number | undefined;
  #epoch: number | undefined;
  /** The newest revision of the store that was heard of. */
  #storeRevision = 0;
  /** Created upstream, from a revision that is there. */
  #isLive = false;
  #handle: WatchHandle | undefined;
  #rewatchTimer: NodeJS.Timeout | undefined;
  #rewatchMs = REWATCH_FIRST_MS;
  #isClosed = false;

  constructor(deps: TopicDeps, since: Position | undefined) {
    this.#deps = deps;
    this.#revision = since && firstRevisionAfter(since) - 1;
    this.#epoch = deps.watches.epoch;
    this.#kept = new EventBuffer(deps.budget, this.#revision ?? 0);
    // Not before the first watcher sits.
    queueMicrotask(() => this.#watch());
  }

  /** Whether who is at `since` (undefined: now) and wants this range misses nothing here, and waits for nothing that he does not want. */
  serves(identity: Identity, range: KeyRange, previous: boolean, since?: Position): boolean {
    if (this.#isClosed || this.#epoch !== this.#deps.watches.epoch) return false;
    if (this.#deps.identity.key !== identity.key || (previous && !this.#deps.previous))
      return false;
    return containsRange(this.#deps.range, range) && this.#remembers(since);
  }

  /** Gives what ends it. The watcher may hear a lot before this returns. */
  add(range: KeyRange, since: Position | undefined, watcher: Watcher): () => void {
    const name = nameOf(range);
    const row = this.#rows.get(name) ?? { range, subscribers: new Set() };
    this.#rows.set(name, row);
    const seat: Subscriber = { watcher, position: since, isLive: false };
    row.subscribers.add(seat);
    if (this.#isLive) this.#begin(row, seat);
    return () => {
      if (this.#remove(row, seat) && this.#rows.size === 0) this.#deps.onEmpty();
    };
  }

  requestProgress(): void {
    if (this.#isLive && this.#deps.isProgressOrdered()) this.#handle?.requestProgress();
  }

  /** Ends it without a word to its watchers. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#rewatchTimer);
    this.#handle?.close();
    this.#kept.restart(0);
    this.#deps.onClosed();
  }

  #remembers(since: Position | undefined): boolean {
    const isNear = this.#storeRevision - (this.#revision ?? 0) <= NEAR_REVISIONS_MAX;
    if (this.#revision === undefined) return since === undefined;
    // A watch may begin in the future: who watches from now on wants what comes before.
    if (since === undefined) return isNear && this.#revision <= this.#storeRevision;
    const first = firstRevisionAfter(since);
    if (first <= this.#kept.from) return false;
    return isNear || first <= this.#revision + 1;
  }

  #watch(): void {
    if (this.#isClosed) return;
    const { watches, identity, range, previous } = this.#deps;
    if (this.#revision === undefined) this.#epoch = watches.epoch;
    this.#handle = watches.watch(
      identity,
      {
        ...range,
        ...(this.#revision !== undefined && { startRevision: this.#revision + 1 }),
        epoch: this.#epoch,
        prevKv: previous,
        progressNotify: true,
      },
      {
        onCreated: (revision) => this.#created(revision),
        onEvents: (events, revision) => this.#see(events, revision),
        onProgress: (revision, isPeriodic) => {
          if (isPeriodic || this.#deps.isProgressOrdered()) this.#advance(revision);
        },
        onEnd: (end) => this.#end(end),
      },
    );
  }

  #created(revision: number): void {
    this.#rewatchMs = REWATCH_FIRST_MS;
    this.#storeRevision = Math.max(this.#storeRevision, revision);
    if (this.#revision === undefined) {
      this.#revision = revision;
      this.#kept.restart(revision);
    }
    if (this.#revision >= revision) this.#goLive();
    else void this.#confirm(this.#revision + 1);
  }

  /** etcd takes a watch from a compacted revision and ends it later; until then it looks like one on which nothing happens. */
  async #confirm(start: number): Promise<void> {
    const { identity, range, isCompacted } = this.#deps;
    const handle = this.#handle;
    // Where it cannot be told, the end will come soon enough.
    const isGone = await isCompacted(identity, range.key, start).catch(() => false);
    if (!isGone && handle === this.#handle) this.#goLive();
  }

  #goLive(): void {
    if (this.#isLive || this.#isClosed) return;
    this.#isLive = true;
    for (const [row, seat] of this.#all()) if (!seat.isLive) this.#begin(row, seat);
  }

  /** What this watch found when it began, and what it was sent since, is past for who comes from now on. */
  #begin(row: RangeSubscribers, seat: Subscriber): void {
    const revision = this.#revision ?? 0;
    const position = seat.position ?? { revision: Math.max(revision, this.#storeRevision) };
    seat.isLive = true;
    seat.position = position;
    seat.watcher.onLive(position);
    if (firstRevisionAfter(position) > revision) return;
    this.#deliver(row, seat, deliveriesIn(row.range, this.#kept.events, this.#deps.isVisible));
    seat.position = { revision };
    if (row.subscribers.has(seat)) seat.watcher.onProgress(revision);
  }

  #see(events: readonly WatchEvent[], storeRevision: number): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#goLive();
    this.#storeRevision = Math.max(this.#storeRevision, storeRevision, last.kv.modRevision);
    this.#revision = Math.max(this.#revision ?? 0, last.kv.modRevision);
    this.#kept.push(events);
    for (const row of [...this.#rows.values()]) {
      const deliveries = deliveriesIn(row.range, events, this.#deps.isVisible);
      for (const seat of [...row.subscribers]) this.#deliver(row, seat, deliveries);
    }
  }

  #advance(revision: number): void {
    this.#goLive();
    this.#storeRevision = Math.max(this.#storeRevision, revision);
    if (this.#revision === undefined || revision <= this.#revision) return;
    this.#revision = revision;
    for (const [row, seat] of this.#all()) {
      const isNews = seat.position === undefined || seat.position.revision < revision;
      if (isNews && row.subscribers.has(seat)) seat.watcher.onProgress(revision);
    }
  }

  #end(end: WatchEnd): void {
    this.#isLive = false;
    this.#handle = undefined;
    switch (end.kind) {
      case 'broken':
        if (end.error.code !== 'shutting-down') this.#rewatchLater();
        else this.#endAll((watcher) => watcher.onRefused(end.error));
        return;
      case 'compacted':
        this.#compacted(end.compactRevision);
        return;
      case 'refused':
        this.#endAll((watcher) => watcher.onRefused(end.error));
        return;
      case 'reset':
        // A watch from now on that has not begun has nothing to lose.
        if (this.#revision === undefined) this.#rewatchLater();
        else this.#endAll((watcher) => watcher.onReset(end.revision));
    }
  }

  #rewatchLater(): void {
    this.#rewatchTimer = setTimeout(() => this.#watch(), this.#rewatchMs);
    this.#rewatchMs = Math.min(REWATCH_MAX_MS, this.#rewatchMs * 2);
  }

  /** Who came in behind what is gone goes on. */
  #compacted(oldestRevision: number): void {
    // etcd would have to contradict itself; it would do so for ever.
    const isAbsurd = this.#revision === undefined || this.#revision + 1 >= oldestRevision;
    const lost = this.#all().filter(
      ([, { position }]) =>
        isAbsurd || (position !== undefined && firstRevisionAfter(position) < oldestRevision),
    );
    for (const [row, seat] of lost) this.#remove(row, seat);
    if (this.#rows.size === 0) {
      this.close();
    } else {
      this.#revision = oldestRevision - 1;
      this.#kept.restart(this.#revision);
      this.#rewatchLater();
    }
    for (const [, { watcher }] of lost) watcher.onCompacted(oldestRevision);
  }

  #endAll(end: (watcher: Watcher) => void): void {
    const all = this.#all();
    this.#rows.clear();
    this.close();
    for (const [row, seat] of all) if (row.subscribers.delete(seat)) end(seat.watcher);
  }

  #all(): (readonly [RangeSubscribers, Subscriber])[] {
    return [...this.#rows.values()].flatMap((row) =>
      [...row.subscribers].map((seat) => [row, seat] as const),
    );
  }

  #remove(row: RangeSubscribers, seat: Subscriber): boolean {
    if (!row.subscribers.delete(seat)) return false;
    const name = nameOf(row.range);
    if (row.subscribers.size === 0 && this.#rows.get(name) === row) this.#rows.delete(name);
    return true;
  }

  #deliver(row: RangeSubscribers, seat: Subscriber, deliveries: readonly Delivery[]): void {
    const isNew = ({ event, n }: Delivery): boolean =>
      seat.position === undefined || !isBehind(seat.position, event.kv.modRevision, n);
    const [first] = deliveries;
    if (first === undefined || !row.subscribers.has(seat)) return;
    const fresh = isNew(first) ? deliveries : deliveries.filter(isNew);
    if (fresh.length > 0) seat.watcher.onEvents(fresh);
  }
}

function nameOf({ key, rangeEnd }: KeyRange): string {
  return `${key.toString('base64')} ${rangeEnd?.toString('base64') ?? ''}`;
}
