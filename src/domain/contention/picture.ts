// What this process knows of one contended lock: the deletions in its range, from one upstream watch that all local waiters share.
// It decides nothing: a waiter that is woken looks for himself.
import type { Identity } from '../../core/caller.js';
import type { RevisionMonitor } from '../../etcd/revision-monitor.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { WatchHandle } from '../../etcd/watch/watch-listener.js';
import type { WatchEvent } from '../../etcd/wire.js';
import type { Arena } from './key.js';

/** Deletions that are remembered for waiters who looked a moment before they subscribed. */
const DELETIONS_KEPT_MAX = 4_096;
const REWATCH_FIRST_MS = 50;
const REWATCH_MAX_MS = 2_000;

/** Why a waiter is woken: one of his keys was deleted, or the picture has a gap and he has to look. */
export type Wake = 'deleted' | 'look';

interface Waiter {
  readonly keys: ReadonlySet<string>;
  readonly wake: (reason: Wake) => void;
}

class Picture {
  readonly #watches: WatchClient;
  readonly #identity: Identity;
  readonly #arena: Arena;
  readonly #waiters = new Map<string, Set<Waiter>>();
  /** Key -> revision of its last deletion, oldest first. */
  readonly #deletions = new Map<string, number>();
  /** Every deletion after this revision is known, up to `#revision`. */
  #knownFrom: number;
  #revision: number;
  /** Of these revisions (revision-monitor.ts). */
  #epoch: number | undefined;
  #handle: WatchHandle | undefined;
  #rewatchTimer: NodeJS.Timeout | undefined;
  #rewatchMs = REWATCH_FIRST_MS;
  #isClosed = false;

  /** Begins to watch right behind `revision`, at which somebody looked. */
  constructor(watches: WatchClient, identity: Identity, arena: Arena, revision: number) {
    this.#watches = watches;
    this.#identity = identity;
    this.#arena = arena;
    this.#knownFrom = this.#revision = revision;
    this.#epoch = watches.epoch;
    this.#watch();
  }

  /**
   * Calls `wake` once, when one of `keys` was deleted after `revision` or nobody can say any more. Gives a function that takes the
   * waiter off. `wake` may come before this returns.
   */
  subscribe(keys: readonly Buffer[], revision: number, wake: (reason: Wake) => void): () => void {
    const names = keys.map(nameOf);
    if (revision < this.#knownFrom) {
      wake('look');
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
    this.#isClosed = true;
    clearTimeout(this.#rewatchTimer);
    this.#handle?.close();
  }

  #watch(): void {
    this.#handle = this.#watches.watch(
      this.#identity,
      {
        ...this.#arena.range,
        startRevision: this.#revision + 1,
        epoch: this.#epoch,
        noPut: true,
      },
      {
        onCreated: () => (this.#rewatchMs = REWATCH_FIRST_MS),
        onEvents: (events) => this.#see(events),
        onProgress: (revision, isPeriodic) => {
          // An answer to a request was seen to run ahead of its events on etcd 3.4.
          if (isPeriodic) this.#revision = Math.max(this.#revision, revision);
        },
        onEnd: (end) => {
          // Deletions between the last event and the compaction are lost: everybody has to look.
          if (end.kind === 'compacted') this.#forget(end.compactRevision);
          if (end.kind === 'reset') this.#startOver(end.revision);
          if (end.kind === 'refused') this.#wakeAll('look');
          this.#rewatch();
        },
      },
    );
  }

  #rewatch(): void {
    if (this.#isClosed) return;
    this.#rewatchTimer = setTimeout(() => this.#watch(), this.#rewatchMs);
    this.#rewatchMs = Math.min(REWATCH_MAX_MS, this.#rewatchMs * 2);
  }

  #see(events: readonly WatchEvent[]): void {
    for (const event of events) {
      // Not the header's revision: a watch that catches up is told of one that its events have not reached yet.
      this.#revision = Math.max(this.#revision, event.kv.modRevision);
      if (event.kind !== 'delete') continue;
      const name = nameOf(event.kv.key);
      const at = event.kv.modRevision;
      this.#deletions.delete(name);
      this.#deletions.set(name, at);
      for (const waiter of [...(this.#waiters.get(name) ?? [])]) this.#wake(waiter, 'deleted');
    }
    this.#trim();
  }

  #trim(): void {
    for (const [name, revision] of this.#deletions) {
      if (this.#deletions.size <= DELETIONS_KEPT_MAX) return;
      this.#deletions.delete(name);
      this.#knownFrom = Math.max(this.#knownFrom, revision);
    }
  }

  #forget(revision: number): void {
    this.#knownFrom = this.#revision = Math.max(this.#revision, revision);
    this.#wakeAll('look');
  }

  /** Revisions of before the reset mean nothing, and the entries may be others. */
  #startOver(revision: number): void {
    this.#deletions.clear();
    this.#knownFrom = this.#revision = revision;
    this.#epoch = this.#watches.epoch;
    this.#wakeAll('look');
  }

  #wakeAll(reason: Wake): void {
    const waiters = new Set([...this.#waiters.values()].flatMap((set) => [...set]));
    for (const waiter of waiters) this.#wake(waiter, reason);
  }

  #wake(waiter: Waiter, reason: Wake): void {
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

interface Shared {
  readonly picture: Picture;
  users: number;
}

/** One picture for each lock, identity and epoch that a client waits for; removed with its last waiter. */
export class Pictures {
  readonly #watches: WatchClient;
  readonly #revisionMonitor: Pick<RevisionMonitor, 'epoch'>;
  readonly #shared = new Map<string, Shared>();

  constructor(watches: WatchClient, revisionMonitor: Pick<RevisionMonitor, 'epoch'>) {
    this.#watches = watches;
    this.#revisionMonitor = revisionMonitor;
  }

  /** Take it before the look whose revision `wait` is given. */
  get epoch(): number {
    return this.#revisionMonitor.epoch;
  }

  get size(): number {
    return this.#shared.size;
  }

  /** Resolves with why it ended: a wake, `timeout` after `timeoutMs`, or `aborted` by a signal. */
  async wait(
    identity: Identity,
    arena: Arena,
    wait: {
      keys: readonly Buffer[];
      revision: number;
      /** That of the look: after a reset of the store its revision means nothing. */
      epoch: number;
      timeoutMs: number;
      signals: readonly AbortSignal[];
    },
  ): Promise<Wake | 'timeout' | 'aborted'> {
    if (wait.signals.some((signal) => signal.aborted)) return 'aborted';
    if (wait.epoch !== this.#revisionMonitor.epoch) return 'look';
    const { picture, release } = this.#use(identity, arena, wait.revision);
    return new Promise((resolve) => {
      const end = (reason: Wake | 'timeout' | 'aborted'): void => {
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
      subscription.end = picture.subscribe(wait.keys, wait.revision, end);
    });
  }

  #use(
    identity: Identity,
    arena: Arena,
    revision: number,
  ): { picture: Picture; release: () => void } {
    const name = `${this.#revisionMonitor.epoch} ${identity.key}\n${nameOf(arena.range.key)}`;
    const shared = this.#shared.get(name) ?? {
      picture: new Picture(this.#watches, identity, arena, revision),
      users: 0,
    };
    shared.users++;
    this.#shared.set(name, shared);
    const release = (): void => {
      if (--shared.users > 0) return;
      this.#shared.delete(name);
      shared.picture.close();
    };
    return { picture: shared.picture, release };
  }
}

/** Node's timers overflow past 2^31-1 ms; no wait of ours comes near. */
const TIMER_MS_MAX = 2_000_000_000;
