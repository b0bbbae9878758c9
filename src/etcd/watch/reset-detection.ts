// Ends watches whose history is lost because etcd was restored or emptied. Such a watch seems healthy, but receives no events until the new
// history reaches its old revision. revision-monitor.ts detects the reset by linearizable reads. While a watch is open, this file sends such
// reads periodically, and immediately when a watch begins below a revision that was received before.
import type { Identity } from '../../core/caller.js';
import type { RevisionMonitor } from '../revision-monitor.js';
import type { WatchRequest } from '../wire.js';
import type { WatchClient } from './client.js';
import type { WatchHandle, WatchListener } from './watch-listener.js';

/** Interval of the checks while a watch is open. */
const CHECK_EVERY_MS = 5_000;
/** Minimum time between a check and the next one caused by a suspicion: lagging members cause many suspicions. */
const CHECK_GAP_MS = 500;
/** Identities that one check tries: a user may have lost its rights, and then the identity of another watch is used. */
const IDENTITIES_TRIED_MAX = 3;

export interface ResetDetectionDeps {
  readonly revisionMonitor: RevisionMonitor;
  /** A linearizable read through the client that reports to `revisionMonitor`. */
  readonly readRevision: (identity: Identity) => Promise<number>;
}

/** Returns the client with watches that also end with `reset`. */
export function withResetDetection(watches: WatchClient, deps: ResetDetectionDeps): WatchClient {
  const open = new Set<MonitoredWatch>();
  const checks = new RevisionChecks(deps, open);
  deps.revisionMonitor.subscribe(({ revision }) => {
    for (const watch of [...open]) watch.reset(revision);
  });
  return {
    watch(identity, request, listener) {
      const watch = new MonitoredWatch(identity, request, listener, deps.revisionMonitor, {
        onSuspicion: () => checks.suspect(),
        onOver: () => open.delete(watch),
      });
      open.add(watch);
      watch.begin(watches);
      checks.keepGoing();
      return watch;
    },
    get streams() {
      return watches.streams;
    },
    get watches() {
      return watches.watches;
    },
    get epoch() {
      return deps.revisionMonitor.epoch;
    },
    close() {
      checks.stop();
      watches.close();
    },
  };
}

interface WatchObserver {
  onSuspicion(): void;
  onOver(): void;
}

class MonitoredWatch implements WatchHandle {
  readonly identity: Identity;
  readonly #request: WatchRequest;
  readonly #listener: WatchListener;
  readonly #revisionMonitor: RevisionMonitor;
  readonly #observer: WatchObserver;
  readonly #epoch: number;
  #handle: WatchHandle | undefined;
  #isOver = false;

  constructor(
    identity: Identity,
    request: WatchRequest,
    listener: WatchListener,
    revisionMonitor: RevisionMonitor,
    observer: WatchObserver,
  ) {
    this.identity = identity;
    this.#request = request;
    this.#listener = listener;
    this.#revisionMonitor = revisionMonitor;
    this.#observer = observer;
    this.#epoch = revisionMonitor.epoch;
  }

  begin(watches: WatchClient): void {
    const listener = this.#listener;
    const { epoch = this.#epoch } = this.#request;
    if (epoch !== this.#epoch) {
      // The store was reset while its owner had no watch. The new history may already be past the start revision.
      queueMicrotask(() => this.reset(this.#revisionMonitor.revision));
      return;
    }
    this.#handle = watches.watch(this.identity, this.#request, {
      onCreated: (revision) => {
        const isBehind = revision < this.#revisionMonitor.revision || this.isAheadOf(revision);
        this.#revisionMonitor.observe(this.#epoch, revision);
        if (isBehind) this.#observer.onSuspicion();
        listener.onCreated?.(revision);
      },
      onEvents: (events, revision) => {
        this.#revisionMonitor.observe(this.#epoch, revision);
        listener.onEvents(events, revision);
      },
      onProgress: (revision, isPeriodic) => {
        this.#revisionMonitor.observe(this.#epoch, revision);
        listener.onProgress?.(revision, isPeriodic);
      },
      onEnd: (end) => {
        this.#finish();
        listener.onEnd(end);
      },
    });
    if (this.isAheadOf(this.#revisionMonitor.revision)) this.#observer.onSuspicion();
  }

  /** Returns whether the watch starts after `revision` + 1, the next revision that the store writes. */
  isAheadOf(revision: number): boolean {
    return (this.#request.startRevision ?? 0) > revision + 1;
  }

  reset(revision: number): void {
    if (this.#isOver) return;
    this.close();
    this.#listener.onEnd({ kind: 'reset', revision });
  }

  close(): void {
    this.#handle?.close();
    this.#finish();
  }

  requestProgress(): void {
    this.#handle?.requestProgress();
  }

  #finish(): void {
    this.#isOver = true;
    this.#observer.onOver();
  }
}

class RevisionChecks {
  readonly #deps: ResetDetectionDeps;
  readonly #open: ReadonlySet<MonitoredWatch>;
  #timer: NodeJS.Timeout | undefined;
  #isChecking = false;
  #isSuspicious = false;
  #isStopped = false;
  /** `performance.now()`, milliseconds. */
  #checkedAt = -Infinity;

  constructor(deps: ResetDetectionDeps, open: ReadonlySet<MonitoredWatch>) {
    this.#deps = deps;
    this.#open = open;
  }

  /** Schedules a check as soon as possible. */
  suspect(): void {
    this.#isSuspicious = true;
    this.#schedule();
  }

  /** Repeats the checks while a watch is open. */
  keepGoing(): void {
    if (this.#timer === undefined) this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#isChecking || this.#isStopped) return;
    clearTimeout(this.#timer);
    const gapMs = this.#checkedAt + CHECK_GAP_MS - performance.now();
    const delayMs = this.#isSuspicious ? Math.max(0, gapMs) : CHECK_EVERY_MS;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#open.size > 0) void this.#check();
    }, delayMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    const { epoch } = this.#deps.revisionMonitor;
    const before = [...this.#open];
    this.#isChecking = true;
    this.#isSuspicious = false;
    const revision = await this.#read(before);
    this.#isChecking = false;
    this.#checkedAt = performance.now();
    // Without a response, the next periodic check or the next new watch tries again.
    if (revision !== undefined && epoch === this.#deps.revisionMonitor.epoch) {
      // The start revision of a watch was read before this check, so this later read must include it.
      for (const watch of before) if (watch.isAheadOf(revision)) watch.reset(revision);
    }
    if (this.#open.size > 0) this.#schedule();
  }

  async #read(watches: readonly MonitoredWatch[]): Promise<number | undefined> {
    const identities = new Map(watches.map(({ identity }) => [identity.key, identity]));
    // A user's read needs a proposal (readRevision), the gateway's does not.
    const cheapFirst = [...identities.values()].sort(
      (a, b) => Number(a.login !== undefined) - Number(b.login !== undefined),
    );
    for (const identity of cheapFirst.slice(0, IDENTITIES_TRIED_MAX)) {
      const revision = await this.#deps.readRevision(identity).catch(() => undefined);
      if (revision !== undefined) return revision;
    }
    return undefined;
  }
}
