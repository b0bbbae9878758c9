// The versions of one key that etcd still has. Versions are read back by a watch from the oldest revision that is not compacted: walking
// back by reads would not find what was before a deletion. Exact, and as costly to etcd as any watch from there.
import type { Caller } from '../../core/caller.js';
import { remainingMs } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { WatchEnd } from '../../etcd/watch/listener.js';
import type { KeyValue, WatchEvent } from '../../etcd/wire.js';
import type { ReservedKeys } from '../reserved.js';

/** Older versions than fit into this are left out, like those above the limit. */
const HISTORY_BYTES_MAX = 4 * 1024 * 1024;
/** Compactions that one call takes in its way. */
const ATTEMPTS_MAX = 5;
/** How long etcd must be silent where its progress is no proof that all was sent: it reads up every 100 ms. */
const QUIET_MS = 500;
const PROGRESS_EVERY_MS = 50;

export interface HistoryDeps {
  readonly etcd: EtcdClient;
  readonly watches: WatchClient;
  readonly reserved: ReservedKeys;
  /** Whether etcd's word on how far a watch has come can be relied on. */
  readonly isProgressOrdered: () => boolean;
}

export interface HistoryRequest {
  readonly key: Buffer;
  /** Versions, deletions among them. */
  readonly limit: number;
  /** Nothing newer than this. */
  readonly revision?: number | undefined;
}

export interface History {
  /** Newest first. Of a deletion only `key` and `modRevision` mean something. */
  readonly versions: readonly WatchEvent[];
  /** Older ones are there, and were left out. */
  readonly more: boolean;
  /** What the history goes up to. */
  readonly revision: number;
}

/**
 * Throws `reserved-prefix`, `revision-compacted` when `revision` is gone, `timeout` when there is more of it than can be read in time. Not
 * promised: that it reaches back to the key's first version; etcd keeps what is not compacted.
 */
export async function readHistory(
  caller: Caller,
  deps: HistoryDeps,
  request: HistoryRequest,
): Promise<History> {
  const { key } = request;
  deps.reserved.refuseRead(key);
  const now = await deps.etcd.range(caller, { key, revision: request.revision });
  const revision = request.revision ?? now.header.revision;
  const newest = now.kvs[0];
  // Nothing is older than the first revision.
  let oldest = 1;
  let broken: GatewayError | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && oldest <= revision; attempt++) {
    const base = await readBase(caller, deps, key, oldest);
    const kept = new NewestVersions(request.limit);
    if (base !== undefined) kept.push({ kind: 'put', kv: base, prevKv: undefined });
    const isAll = oldest === revision || (newest !== undefined && newest.modRevision <= oldest);
    if (isAll) return kept.toHistory(revision);
    const end = await replay(caller, deps, { key, from: oldest + 1, revision, newest }, kept);
    if (end === undefined) return kept.toHistory(revision);
    if (end.kind === 'refused') throw end.error;
    if (end.kind === 'reset') throw historyLost(end.revision);
    if (end.kind === 'broken') broken = end.error;
    else oldest = end.compactRevision;
  }
  throw (
    broken ??
    new GatewayError('revision-compacted', {
      detail: `the history of revision ${revision} is being compacted`,
    })
  );
}

/** What the key was at the oldest revision; `undefined` while that is only a guess. */
async function readBase(
  caller: Caller,
  deps: HistoryDeps,
  key: Buffer,
  oldest: number,
): Promise<KeyValue | undefined> {
  if (oldest === 1) return undefined;
  return (await deps.etcd.range(caller, { key, revision: oldest })).kvs[0];
}

interface Replay {
  readonly key: Buffer;
  readonly from: number;
  readonly revision: number;
  /** The version at `revision`, if there is one: with it all is there. */
  readonly newest: KeyValue | undefined;
}

/** Resolves with nothing when all events up to the revision are there, or with why the watch ended. */
async function replay(
  caller: Caller,
  deps: HistoryDeps,
  { key, from, revision, newest }: Replay,
  kept: NewestVersions,
): Promise<WatchEnd | undefined> {
  return new Promise((resolve, reject) => {
    const timers: NodeJS.Timeout[] = [];
    const settle = (settled: () => void): void => {
      for (const timer of timers) clearTimeout(timer);
      caller.signal.removeEventListener('abort', hangUp);
      handle.close();
      settled();
    };
    const hangUp = (): void => settle(() => reject(timeIsUp()));
    const isThere = (last: number): boolean => last >= (newest?.modRevision ?? revision);
    let quiet: NodeJS.Timeout | undefined;
    // On a stream of their own, as etcd tells no progress on one with a watch that waits for a revision to come.
    const identity = { ...caller.identity, key: `${caller.identity.key}\nhistory` };
    const handle = deps.watches.watch(
      identity,
      { key, startRevision: from },
      {
        onCreated: () => {
          if (newest === undefined) timers.push(setInterval(askProgress, PROGRESS_EVERY_MS));
        },
        onEvents: (events) => {
          quiet?.refresh();
          for (const event of events) if (event.kv.modRevision <= revision) kept.push(event);
          if (isThere(events.at(-1)?.kv.modRevision ?? 0)) settle(() => resolve(undefined));
        },
        onProgress: (reached) => {
          if (reached < revision || quiet !== undefined) return;
          if (deps.isProgressOrdered()) settle(() => resolve(undefined));
          else timers.push((quiet = setTimeout(() => settle(() => resolve(undefined)), QUIET_MS)));
        },
        onEnd: (end) => settle(() => resolve(end)),
      },
    );
    const askProgress = (): void => handle.requestProgress();
    timers.push(setTimeout(hangUp, Math.max(1, remainingMs(caller))));
    caller.signal.addEventListener('abort', hangUp);
  });
}

function historyLost(revision: number): GatewayError {
  return new GatewayError('revision-compacted', {
    detail: `etcd was restored or emptied during the request; its revision is ${revision} now`,
    hint: 'read the history again',
  });
}

function timeIsUp(): GatewayError {
  return new GatewayError('timeout', {
    detail: 'etcd did not send the whole history before the deadline of this request',
  });
}

/** The last of a row of events, in bounds. */
class NewestVersions {
  readonly #limit: number;
  #events: WatchEvent[] = [];
  #bytes = 0;
  #isCut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(event: WatchEvent): void {
    this.#events.push(event);
    this.#bytes += event.kv.value.length;
    const isTooMuch = (): boolean =>
      this.#events.length > this.#limit || this.#bytes > HISTORY_BYTES_MAX;
    while (this.#events.length > 1 && isTooMuch()) {
      this.#bytes -= this.#events.shift()?.kv.value.length ?? 0;
      this.#isCut = true;
    }
  }

  toHistory(revision: number): History {
    return { versions: this.#events.reverse(), more: this.#isCut, revision };
  }
}
