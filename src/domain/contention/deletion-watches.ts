// The deletions of entries that this process watches: one upstream watch for each contended lock, shared by all local waiters. It decides
// nothing: a waiter that is woken reads the queue itself.
import type { Identity } from '../../core/caller.js';
import type { RevisionMonitor } from '../../etcd/revision-monitor.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import { ResumingWatch } from '../../etcd/watch/resuming-watch.js';
import type { WatchEnd } from '../../etcd/watch/watch-listener.js';
import type { WatchEvent } from '../../etcd/wire.js';
import type { LockResource } from './key.js';

/** Deletions that are kept for waiters that read the queue before they subscribed. */
const DELETIONS_KEPT_MAX = 4_096;
/** Node's timers overflow above 2^31 - 1 ms. No wait of the gateway is that long. */
const TIMER_MS_MAX = 2_000_000_000;

/** Why a waiter is woken: one of its keys was deleted, or deletions may have been missed and it has to read the queue. */
export type WakeReason = 'deleted' | 'missed';

interface Waiter {
  readonly keys: ReadonlySet<string>;
  readonly wake: (reason: WakeReason) => void;
}

class DeletionWatch {
  readonly #watches: WatchClient;
  readonly #waiters = new Map<string, Set<Waiter>>();
  /** Key -> revision of its last deletion, oldest first. */
  readonly #deletions = new Map<string, number>();
  /** All deletions after this revision are kept, up to `#revision`. */
  #completeAfter: number;
  #revision: number;
  /** The epoch of these revisions (revision-monitor.ts). */
  #epoch: number | undefined;
  readonly #upstream: ResumingWatch;

  /** Watches from the revision after `revision`, the one at which a waiter read the queue. */
  constructor(watches: WatchClient, identity: Identity, resource: LockResource, revision: number) {
    this.#watches = watches;
    this.#completeAfter = this.#revision = revision;
    this.#epoch = watches.epoch;
    this.#upstream = new ResumingWatch(watches, identity, {
      request: () => ({
        ...resource.range,
        startRevision: this.#revision + 1,
        epoch: this.#epoch,
        noPut: true,
      }),
      onEvents: (events) => this.#apply(events),
      onProgress: (reached, isPeriodic) => {
        // On etcd 3.4 the response to a progress request can be ahead of the events.
        if (isPeriodic) this.#revision = Math.max(this.#revision, reached);
      },
      onEnd: (end) => this.#end(end),
    });
    this.#upstream.start();
  }

  /**
   * Calls `wake` once, when one of `keys` was deleted after `revision`, or when that deletion may have been missed. `wake` may be called
   * before this function returns. Returns a function that removes the waiter.
   */
  subscribe(
    keys: readonly Buffer[],
    revision: number,
    wake: (reason: WakeReason) => void,
  ): () => void {
    const names = keys.map(nameOf);
    if (revision < this.#completeAfter) {
      wake('missed');
      return () => undefined;
    }
    if (names.some((name) => (this.#deletions.get(name) ?? 0) > revision)) {
      wake('deleted');
      return () => undefined;
    }
    const waiter: Waiter = { keys: new Set(names), wake };
    for (const name of names) {
      const set = this.#waiters.get(name);
      if (set === undefined) this.#waiters.set(name, new Set([waiter]));
      else set.add(waiter);
    }
    return () => this.#remove(waiter);
  }

  close(): void {
    this.#upstream.close();
  }

  #end(end: WatchEnd): boolean {
    // Deletions between the last event and the compaction are lost, so all waiters have to read the queue.
    if (end.kind === 'compacted') this.#skipTo(end.compactRevision);
    if (end.kind === 'reset') this.#restart(end.revision);
    if (end.kind === 'refused') this.#wakeAll('missed');
    return true;
  }

  #apply(events: readonly WatchEvent[]): void {
    for (const event of events) {
      // Not the revision of the header: while a watch catches up, the header is ahead of the events.
      this.#revision = Math.max(this.#revision, event.kv.modRevision);
      if (event.kind !== 'delete') continue;
      const name = nameOf(event.kv.key);
      this.#deletions.delete(name);
      this.#deletions.set(name, event.kv.modRevision);
      for (const waiter of [...(this.#waiters.get(name) ?? [])]) this.#wake(waiter, 'deleted');
    }
    this.#trim();
  }

  #trim(): void {
    for (const [name, revision] of this.#deletions) {
      if (this.#deletions.size <= DELETIONS_KEPT_MAX) return;
      this.#deletions.delete(name);
      this.#completeAfter = Math.max(this.#completeAfter, revision);
    }
  }

  #skipTo(revision: number): void {
    this.#completeAfter = this.#revision = Math.max(this.#revision, revision);
    this.#wakeAll('missed');
  }

  /** After a reset, earlier revisions are meaningless and the entries may be different ones. */
  #restart(revision: number): void {
    this.#deletions.clear();
    this.#completeAfter = this.#revision = revision;
    this.#epoch = this.#watches.epoch;
    this.#wakeAll('missed');
  }

  #wakeAll(reason: WakeReason): void {
    const waiters = new Set([...this.#waiters.values()].flatMap((set) => [...set]));
    for (const waiter of waiters) this.#wake(waiter, reason);
  }

  #wake(waiter: Waiter, reason: WakeReason): void {
    this.#remove(waiter);
    waiter.wake(reason);
  }

  #remove(waiter: Waiter): void {
    for (const name of waiter.keys) {
      const set = this.#waiters.get(name);
      set?.delete(waiter);
      if (set?.size === 0) this.#waiters.delete(name);
    }
  }
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}

interface SharedWatch {
  readonly watch: DeletionWatch;
  users: number;
}

/** One watch for each lock, identity and epoch that has waiters. A watch is closed when its last waiter leaves. */
export class DeletionWatches {
  readonly #watches: WatchClient;
  readonly #revisionMonitor: Pick<RevisionMonitor, 'epoch'>;
  readonly #shared = new Map<string, SharedWatch>();

  constructor(watches: WatchClient, revisionMonitor: Pick<RevisionMonitor, 'epoch'>) {
    this.#watches = watches;
    this.#revisionMonitor = revisionMonitor;
  }

  /** Get it before the read whose revision is passed to `wait`. */
  get epoch(): number {
    return this.#revisionMonitor.epoch;
  }

  get size(): number {
    return this.#shared.size;
  }

  /** Resolves with the reason: a wake, `timeout` after `timeoutMs`, or `aborted` by a signal. */
  async wait(
    identity: Identity,
    resource: LockResource,
    wait: {
      keys: readonly Buffer[];
      revision: number;
      /** The epoch of `revision`, which is meaningless after a reset of the store. */
      epoch: number;
      timeoutMs: number;
      signals: readonly AbortSignal[];
    },
  ): Promise<WakeReason | 'timeout' | 'aborted'> {
    if (wait.signals.some((signal) => signal.aborted)) return 'aborted';
    if (wait.epoch !== this.#revisionMonitor.epoch) return 'missed';
    const { watch, release } = this.#use(identity, resource, wait.revision);
    return new Promise((resolve) => {
      const end = (reason: WakeReason | 'timeout' | 'aborted'): void => {
        clearTimeout(timer);
        for (const signal of wait.signals) signal.removeEventListener('abort', abort);
        subscription.end?.();
        release();
        resolve(reason);
      };
      const abort = (): void => end('aborted');
      const timer = setTimeout(() => end('timeout'), Math.min(wait.timeoutMs, TIMER_MS_MAX));
      for (const signal of wait.signals) signal.addEventListener('abort', abort);
      const subscription: { end?: () => void } = {};
      subscription.end = watch.subscribe(wait.keys, wait.revision, end);
    });
  }

  #use(
    identity: Identity,
    resource: LockResource,
    revision: number,
  ): { watch: DeletionWatch; release: () => void } {
    const name = `${this.#revisionMonitor.epoch} ${identity.key}\n${nameOf(resource.range.key)}`;
    const shared = this.#shared.get(name) ?? {
      watch: new DeletionWatch(this.#watches, identity, resource, revision),
      users: 0,
    };
    shared.users++;
    this.#shared.set(name, shared);
    const release = (): void => {
      if (--shared.users > 0) return;
      this.#shared.delete(name);
      shared.watch.close();
    };
    return { watch: shared.watch, release };
  }
}
