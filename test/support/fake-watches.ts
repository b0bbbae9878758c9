// A WatchClient with an in-memory store, its history and its watches. Nothing happens until the test calls a method.
import { GatewayError } from '../../src/core/errors.js';
import type { Identity } from '../../src/core/caller.js';
import { containsKey } from '../../src/etcd/range.js';
import type { WatchClient } from '../../src/etcd/watch/client.js';
import type { WatchEnd, WatchHandle, WatchListener } from '../../src/etcd/watch/watch-listener.js';
import type { KeyValue, WatchEvent, WatchRequest } from '../../src/etcd/wire.js';

/** `key` for a put, `-key` for a deletion; `key=value` for a put with a value. */
export type Change = string;

export class FakeStore implements WatchClient {
  /** The revision of an empty etcd. */
  revision = 1;
  /** Older revisions are compacted. */
  compactedAt = 0;
  /** The epoch of a client that follows resets. */
  epoch?: number;
  /** All watches ever created, in order. */
  readonly all: FakeWatch[] = [];
  readonly #history: WatchEvent[] = [];
  readonly #current = new Map<string, KeyValue>();

  watch(identity: Identity, request: WatchRequest, listener: WatchListener): WatchHandle {
    const watch = new FakeWatch(this, identity, request, listener);
    this.all.push(watch);
    return watch;
  }

  get open(): FakeWatch[] {
    return this.all.filter(({ isOver }) => !isOver);
  }

  readonly streams = 1;

  get watches(): number {
    return this.open.length;
  }

  isCompacted(revision: number): boolean {
    return revision < this.compactedAt && revision <= this.revision;
  }

  close(): void {
    for (const watch of this.open) watch.break('shutting-down');
  }

  /** Returns to an earlier revision, like a restore from a backup. */
  restore(revision: number): void {
    this.revision = revision;
    const kept = this.#history.findIndex(({ kv }) => kv.modRevision > revision);
    if (kept >= 0) this.#history.splice(kept);
  }

  /** Applies one transaction and returns its revision. */
  commit(...changes: Change[]): number {
    this.revision++;
    for (const change of changes) this.#change(change);
    return this.revision;
  }

  /** Returns all events, oldest first. */
  get history(): readonly WatchEvent[] {
    return this.#history;
  }

  /** Creates every open watch and delivers all its events. */
  async settle(): Promise<void> {
    await flush();
    for (const watch of this.open) {
      watch.create();
      while (watch.deliver()) await flush();
    }
    await flush();
  }

  #change(change: Change): void {
    const isDeletion = change.startsWith('-');
    const [name = '', value = ''] = (isDeletion ? change.slice(1) : change).split('=');
    const previous = this.#current.get(name);
    if (isDeletion && previous === undefined) return;
    const kv: KeyValue = {
      key: Buffer.from(name),
      value: Buffer.from(value),
      createRevision: isDeletion ? 0 : (previous?.createRevision ?? this.revision),
      modRevision: this.revision,
      version: isDeletion ? 0 : (previous?.version ?? 0) + 1,
      lease: undefined,
    };
    if (isDeletion) this.#current.delete(name);
    else this.#current.set(name, kv);
    this.#history.push({ kind: isDeletion ? 'delete' : 'put', kv, prevKv: previous });
  }
}

export class FakeWatch implements WatchHandle {
  isCreated = false;
  isOver = false;
  progressRequests = 0;
  #next = 0;

  constructor(
    readonly store: FakeStore,
    readonly identity: Identity,
    readonly request: WatchRequest,
    readonly listener: WatchListener,
  ) {}

  create(): void {
    if (this.isCreated || this.isOver) return;
    this.isCreated = true;
    this.#next = this.request.startRevision ?? this.store.revision + 1;
    this.listener.onCreated?.(this.store.revision);
  }

  /** Delivers some complete revisions. Returns false if there is nothing to deliver. */
  deliver(revisionsMax = Infinity): boolean {
    if (!this.isCreated || this.isOver || this.#endIfCompacted()) return false;
    const events = this.store.history.filter(
      ({ kv }) => kv.modRevision >= this.#next && containsKey(this.request, kv.key),
    );
    const revisions = [...new Set(events.map(({ kv }) => kv.modRevision))].slice(0, revisionsMax);
    const last = revisions.at(-1);
    if (last === undefined) return false;
    this.#next = last + 1;
    const sent = events.filter(({ kv }) => kv.modRevision <= last);
    const { prevKv: isPreviousWanted = false } = this.request;
    this.listener.onEvents(
      isPreviousWanted ? sent : sent.map((event) => ({ ...event, prevKv: undefined })),
      this.store.revision,
    );
    return true;
  }

  /** Sends progress like etcd: only to watches that are up to date. */
  progress(isPeriodic = true): void {
    if (!this.isCreated || this.isOver) return;
    while (this.deliver());
    if (!this.#isEnded() && this.#next <= this.store.revision + 1) {
      this.#next = this.store.revision + 1;
      this.listener.onProgress?.(this.store.revision, isPeriodic);
    }
  }

  break(code: 'etcd-unavailable' | 'shutting-down' = 'etcd-unavailable'): void {
    this.end({ kind: 'broken', error: new GatewayError(code) });
  }

  end(end: WatchEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.listener.onEnd(end);
  }

  close(): void {
    this.isOver = true;
  }

  requestProgress(): void {
    this.progressRequests++;
  }

  #isEnded(): boolean {
    return this.isOver;
  }

  /** Like etcd: ends only a watch that has compacted events to catch up with. */
  #endIfCompacted(): boolean {
    if (!this.store.isCompacted(this.#next)) return false;
    this.end({ kind: 'compacted', compactRevision: this.store.compactedAt, revision: 0 });
    return true;
  }
}

/** Runs pending microtasks. */
export async function flush(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
