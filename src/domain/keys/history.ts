// Reads the versions of one key that etcd still has, by a watch from the oldest revision that is not compacted. Reads at earlier revisions
// would not find the versions before a deletion. The result is exact; it costs etcd as much as any watch from that revision.
import type { Caller } from '../../core/caller.js';
import { remainingMs } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { WatchClient } from '../../etcd/watch/client.js';
import type { WatchEnd } from '../../etcd/watch/watch-listener.js';
import type { KeyValue, WatchEvent } from '../../etcd/wire.js';
import type { ReservedKeys } from '../reserved.js';

/** Bytes of values in one result; older versions beyond them are left out, like those above the limit. */
const HISTORY_BYTES_MAX = 4 * 1024 * 1024;
/** Compactions that one request tolerates. */
const ATTEMPTS_MAX = 5;
/** Silence after which all events were sent, for versions where progress does not prove it. etcd catches up every 100 ms. */
const QUIET_MS = 500;
const PROGRESS_EVERY_MS = 50;

export interface HistoryDeps {
  readonly etcd: EtcdClient;
  readonly watches: WatchClient;
  readonly reserved: ReservedKeys;
  /** Whether a progress response of etcd never precedes the events that it covers. */
  readonly isProgressOrdered: () => boolean;
}

export interface HistoryRequest {
  readonly key: Buffer;
  /** Maximum number of versions; deletions count. */
  readonly limit: number;
  /** The newest revision to include. */
  readonly revision?: number | undefined;
}

export interface History {
  /** Newest first. A deletion has only `key` and `modRevision`. */
  readonly versions: readonly WatchEvent[];
  /** True if older versions exist that were left out. */
  readonly more: boolean;
  /** The newest revision that the history covers. */
  readonly revision: number;
}

/**
 * Throws `reserved-prefix`, `revision-compacted` if `revision` is compacted, and `timeout` if the history cannot be read before the
 * deadline. Does not guarantee that it reaches back to the key's first version: etcd keeps only what is not compacted.
 */
export async function readHistory(
  caller: Caller,
  deps: HistoryDeps,
  request: HistoryRequest,
): Promise<History> {
  const { key } = request;
  deps.reserved.refuseRead(key);
  const current = await deps.etcd.range(caller, { key, revision: request.revision });
  const revision = request.revision ?? current.header.revision;
  const newest = current.kvs[0];
  // Nothing is older than the first revision.
  let oldest = 1;
  let broken: GatewayError | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && oldest <= revision; attempt++) {
    const base = await readBase(caller, deps, key, oldest);
    const kept = new NewestVersions(request.limit);
    if (base !== undefined) kept.push({ kind: 'put', kv: base, prevKv: undefined });
    const isComplete =
      oldest === revision || (newest !== undefined && newest.modRevision <= oldest);
    if (isComplete) return kept.toHistory(revision);
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

/** Returns the key at the oldest revision; `undefined` while the oldest revision is only assumed. */
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
  /** The version at `revision`, if any: when it arrives, the history is complete. */
  readonly newest: KeyValue | undefined;
}

/** Resolves with `undefined` when all events up to the revision arrived, else with the reason why the watch ended. */
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
      caller.signal.removeEventListener('abort', stop);
      handle.close();
      settled();
    };
    const stop = (): void => settle(() => reject(deadlineExceeded()));
    const isComplete = (last: number): boolean => last >= (newest?.modRevision ?? revision);
    let quiet: NodeJS.Timeout | undefined;
    // On a separate stream: etcd reports no progress on a stream with a watch that waits for a future revision.
    const identity = { ...caller.identity, key: `${caller.identity.key}\nhistory` };
    const handle = deps.watches.watch(
      identity,
      { key, startRevision: from },
      {
        onCreated: () => {
          if (newest === undefined) timers.push(setInterval(requestProgress, PROGRESS_EVERY_MS));
        },
        onEvents: (events) => {
          quiet?.refresh();
          for (const event of events) if (event.kv.modRevision <= revision) kept.push(event);
          if (isComplete(events.at(-1)?.kv.modRevision ?? 0)) settle(() => resolve(undefined));
        },
        onProgress: (reached) => {
          if (reached < revision || quiet !== undefined) return;
          if (deps.isProgressOrdered()) settle(() => resolve(undefined));
          else timers.push((quiet = setTimeout(() => settle(() => resolve(undefined)), QUIET_MS)));
        },
        onEnd: (end) => settle(() => resolve(end)),
      },
    );
    const requestProgress = (): void => handle.requestProgress();
    timers.push(setTimeout(stop, Math.max(1, remainingMs(caller))));
    caller.signal.addEventListener('abort', stop);
  });
}

function historyLost(revision: number): GatewayError {
  return new GatewayError('revision-compacted', {
    detail: `etcd was restored or emptied during the request; its revision is now ${revision}`,
    hint: 'request the history again',
  });
}

function deadlineExceeded(): GatewayError {
  return new GatewayError('timeout', {
    detail: 'etcd did not send the whole history before the deadline of this request',
  });
}

/** Keeps the newest events, limited in number and bytes. */
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
    const exceedsLimits = (): boolean =>
      this.#events.length > this.#limit || this.#bytes > HISTORY_BYTES_MAX;
    while (this.#events.length > 1 && exceedsLimits()) {
      this.#bytes -= this.#events.shift()?.kv.value.length ?? 0;
      this.#isCut = true;
    }
  }

  toHistory(revision: number): History {
    return { versions: this.#events.reverse(), more: this.#isCut, revision };
  }
}
