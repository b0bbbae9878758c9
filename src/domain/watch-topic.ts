// One upstream watch of one range, resumed for ever while somebody listens, and the recent events for those who come a little late.
import type { Identity } from '../caller.js';
import type { GatewayError } from '../errors.js';
import { containsKey } from '../etcd/range.js';
import type { WatchClient } from '../etcd/watch-client.js';
import type { WatchEnd, WatchHandle } from '../etcd/watch-listener.js';
import type { KeyRange, WatchEvent } from '../etcd/wire.js';
import { firstRevisionAfter } from './watch-position.js';
import type { Position } from './watch-position.js';

/** One event as one watcher gets it: `n` counts the events of its revision in his range, from 1. */
export interface Delivery {
  readonly event: WatchEvent;
  readonly n: number;
}

export interface Watcher {
  /** The watch is live; everything up to `revision` is delivered. */
  onLive?(revision: number): void;
  /** Never ends inside a revision. */
  onEvents(deliveries: readonly Delivery[]): void;
  /** Everything up to `revision` is surely delivered, though no event said so. */
  onProgress(revision: number): void;
  /** The way to etcd is broken; it is being mended, nothing is lost. */
  onInterrupted?(error: GatewayError): void;
  /** The end: events between the watcher's position and `oldestRevision` are gone. */
  onCompacted(oldestRevision: number): void;
  /** The end: etcd refuses this watch. */
  onRefused(error: GatewayError): void;
}

const EVENTS_KEPT_MAX = 2_000;
const BYTES_KEPT_MAX = 4 * 1024 * 1024;
const REWATCH_FIRST_MS = 50;
const REWATCH_MAX_MS = 2_000;

interface Seat {
  readonly watcher: Watcher;
  /** Undefined: the topic's own. */
  readonly range: KeyRange | undefined;
  /** Events of this revision that he has already. */
  skip: Position | undefined;
}

export interface TopicDeps {
  readonly watches: WatchClient;
  readonly isProgressOrdered: () => boolean;
  /** False for keys that nobody is shown. */
  readonly isVisible: (key: Buffer) => boolean;
  readonly identity: Identity;
  readonly range: KeyRange;
  readonly previous: boolean;
  readonly onEmpty: () => void;
}

export class Topic {
  readonly #deps: TopicDeps;
  readonly #seats = new Set<Seat>();
  /** Recent events, oldest first, whole revisions; everything in (`#keptFrom`, `#revision`] is here. */
  #kept: WatchEvent[] = [];
  #keptBytes = 0;
  #keptFrom: number;
  /** Delivered up to here; 0 while a watch "from now on" has not begun. */
  #revision: number;
  /** The store's revision when the watch was created upstream. */
  #createdAt = 0;
  #isLive = false;
  #handle: WatchHandle | undefined;
  #rewatchTimer: NodeJS.Timeout | undefined;
  #rewatchMs = REWATCH_FIRST_MS;
  #isClosed = false;

  constructor(deps: TopicDeps, since: Position | undefined) {
    this.#deps = deps;
    this.#revision = this.#keptFrom = since === undefined ? 0 : firstRevisionAfter(since) - 1;
    // Not before the first watcher sits.
    queueMicrotask(() => this.#watch());
  }

  get identity(): Identity {
    return this.#deps.identity;
  }

  get range(): KeyRange {
    return this.#deps.range;
  }

  get previous(): boolean {
    return this.#deps.previous;
  }

  /** Whether all that happened after `since` is here or still to come. */
  remembers(since: Position | undefined): boolean {
    if (this.#isClosed) return false;
    // Who wants no past joins only where it is known what is past.
    if (since === undefined) return this.#isLive || this.#revision === 0;
    return this.#revision > 0 && firstRevisionAfter(since) > this.#keptFrom;
  }

  add(range: KeyRange, since: Position | undefined, watcher: Watcher): () => void {
    const isWhole = range.key.equals(this.range.key) && sameEnd(range, this.range);
    const seat: Seat = { watcher, range: isWhole ? undefined : range, skip: since ?? this.#now() };
    this.#seats.add(seat);
    if (since !== undefined) this.#deliver(seat, this.#kept);
    if (this.#isLive) this.#tellLive(seat);
    return () => {
      if (!this.#seats.delete(seat) || this.#seats.size > 0) return;
      this.close();
      this.#deps.onEmpty();
    };
  }

  /** A topic may still be catching up with the past: what its watch found when it began is past for who comes now. */
  #now(): Position | undefined {
    return this.#isLive ? { revision: Math.max(this.#revision, this.#createdAt) } : undefined;
  }

  #tellLive(seat: Seat): void {
    seat.watcher.onLive?.(Math.max(this.#revision, seat.skip?.revision ?? 0));
  }

  requestProgress(): void {
    if (this.#isLive && this.#deps.isProgressOrdered()) this.#handle?.requestProgress();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#rewatchTimer);
    this.#handle?.close();
  }

  #watch(): void {
    if (this.#isClosed) return;
    const { watches, identity, range, previous } = this.#deps;
    const startRevision = this.#revision === 0 ? undefined : this.#revision + 1;
    this.#handle = watches.watch(
      identity,
      {
        ...range,
        ...(startRevision !== undefined && { startRevision }),
        prevKv: previous,
        progressNotify: true,
      },
      {
        onCreated: (revision) => this.#begin(revision),
        onEvents: (events) => this.#see(events),
        onProgress: (revision, isPeriodic) => {
          if (isPeriodic || this.#deps.isProgressOrdered()) this.#advance(revision);
        },
        onEnd: (end) => this.#end(end),
      },
    );
  }

  #begin(revision: number): void {
    this.#rewatchMs = REWATCH_FIRST_MS;
    if (this.#revision === 0) this.#revision = this.#keptFrom = revision;
    this.#createdAt = revision;
    this.#isLive = true;
    for (const seat of [...this.#seats]) this.#tellLive(seat);
  }

  #see(events: readonly WatchEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#revision = Math.max(this.#revision, last.kv.modRevision);
    this.#keep(events);
    for (const seat of [...this.#seats]) this.#deliver(seat, events);
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    for (const seat of [...this.#seats]) seat.watcher.onProgress(revision);
  }

  #end(end: WatchEnd): void {
    this.#isLive = false;
    switch (end.kind) {
      case 'broken':
        for (const seat of [...this.#seats]) seat.watcher.onInterrupted?.(end.error);
        this.#rewatchTimer = setTimeout(() => this.#watch(), this.#rewatchMs);
        this.#rewatchMs = Math.min(REWATCH_MAX_MS, this.#rewatchMs * 2);
        return;
      case 'compacted': {
        this.#finish((watcher) => watcher.onCompacted(end.compactRevision));
        return;
      }
      case 'refused': {
        this.#finish((watcher) => watcher.onRefused(end.error));
        return;
      }
    }
  }

  #finish(tell: (watcher: Watcher) => void): void {
    this.close();
    this.#deps.onEmpty();
    const seats = [...this.#seats];
    this.#seats.clear();
    for (const seat of seats) tell(seat.watcher);
  }

  #deliver(seat: Seat, events: readonly WatchEvent[]): void {
    const deliveries: Delivery[] = [];
    let revision = 0;
    let n = 0;
    for (const event of events) {
      if (!this.#deps.isVisible(event.kv.key)) continue;
      if (seat.range !== undefined && !containsKey(seat.range, event.kv.key)) continue;
      n = event.kv.modRevision === revision ? n + 1 : 1;
      revision = event.kv.modRevision;
      if (!isBehind(seat.skip, revision, n)) deliveries.push({ event, n });
    }
    if (deliveries.length > 0) seat.watcher.onEvents(deliveries);
  }

  #keep(events: readonly WatchEvent[]): void {
    this.#kept.push(...events);
    this.#keptBytes += sizeOf(events);
    if (this.#kept.length <= EVENTS_KEPT_MAX && this.#keptBytes <= BYTES_KEPT_MAX) return;
    // Down to half, so that not every event pays for a cut; whole revisions only.
    let cut = 0;
    while (
      cut < this.#kept.length &&
      (this.#kept.length - cut > EVENTS_KEPT_MAX / 2 || this.#keptBytes > BYTES_KEPT_MAX / 2)
    ) {
      const revision = this.#kept[cut]?.kv.modRevision ?? 0;
      for (; this.#kept[cut]?.kv.modRevision === revision; cut++)
        this.#keptBytes -= sizeOf(this.#kept.slice(cut, cut + 1));
      this.#keptFrom = revision;
    }
    this.#kept = this.#kept.slice(cut);
  }
}

/** Whether the watcher has this event already. */
function isBehind(position: Position | undefined, revision: number, n: number): boolean {
  if (position === undefined || revision > position.revision) return false;
  return revision < position.revision || position.events === undefined || n <= position.events;
}

function sizeOf(events: readonly WatchEvent[]): number {
  return events.reduce(
    (sum, { kv, prevKv }) => sum + kv.key.length + kv.value.length + (prevKv?.value.length ?? 0),
    0,
  );
}

function sameEnd(a: KeyRange, b: KeyRange): boolean {
  return a.rangeEnd === undefined
    ? b.rangeEnd === undefined
    : b.rangeEnd?.equals(a.rangeEnd) === true;
}
