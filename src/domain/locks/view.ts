// Locks as they are shown: who holds, who waits, which locks there are. Changes nothing.
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import { nextKey, prefixRange } from '../../etcd/range.js';
import type { KeyValue, Span } from '../../etcd/wire.js';
import { decodeLockValue } from '../contention/entry.js';
import type { Entry } from '../contention/entry.js';
import { inspectQueue, remainingSeconds } from '../contention/inspect.js';
import { createArena, decodeName, encodeName, isName } from '../contention/key.js';
import type { Arena, Mode } from '../contention/key.js';
import { decodeCursor, encodeCursor } from '../cursor.js';

export interface HolderView {
  /** `null` for a client of etcd that is none of ours. */
  readonly owner: string | null;
  readonly mode: Mode;
  readonly fencingToken: number;
  readonly acquiredBy: string | null;
  /** Seconds until it ends unless it is renewed; `null` without a ttl; absent where it was not looked up. */
  readonly expiresIn?: number | null;
  readonly metadata?: unknown;
}

export interface WaiterView {
  readonly owner: string | null;
  readonly mode: Mode;
  /** 1 is served next. */
  readonly position: number;
  readonly metadata?: unknown;
}

export interface LockView {
  readonly name: string;
  readonly locked: boolean;
  readonly holders: readonly HolderView[];
  readonly waiters: readonly WaiterView[];
  readonly queueLength: number;
}

const WAITERS_SHOWN_MAX = 100;
/** Holders whose remaining time is looked up, a call each. */
const EXPIRIES_MAX = 32;
/** Locks of a list that are read at the same time. */
const LIST_READS_MAX = 16;
/** Entries that one upstream read of a list takes. */
const LIST_CHUNK_KEYS = 500;

export interface LockViewDeps {
  readonly etcd: EtcdClient;
  readonly lockPrefix: string;
}

export function toHolder(entry: Entry): HolderView {
  const value = decodeLockValue(entry.value);
  return {
    owner: value?.owner ?? null,
    mode: entry.mode,
    fencingToken: entry.createRevision,
    acquiredBy: value?.acquiredBy ?? null,
    ...(value?.metadata !== undefined && { metadata: value.metadata }),
  };
}

function toWaiter(entry: Entry, index: number): WaiterView {
  const value = decodeLockValue(entry.value);
  return {
    owner: value?.owner ?? null,
    mode: entry.mode,
    position: index + 1,
    ...(value?.metadata !== undefined && { metadata: value.metadata }),
  };
}

/**
 * One lock as it was at `revision`; the remaining times are looked up a moment later. Throws `invalid-request` for a name that no lock
 * has. Not promised: that it is so still.
 */
export async function inspectLock(
  caller: Caller,
  deps: LockViewDeps,
  name: string,
): Promise<LockView & { revision: number }> {
  return viewOf(caller, deps, createArena(deps.lockPrefix, name, 'name'), true);
}

async function viewOf(
  caller: Caller,
  deps: LockViewDeps,
  arena: Arena,
  withExpiry: boolean,
  revision?: number,
): Promise<LockView & { revision: number }> {
  const queue = await inspectQueue(caller, deps.etcd, arena, revision);
  const holders = withExpiry
    ? await withExpiries(caller, deps, queue.holders)
    : queue.holders.map(toHolder);
  return {
    name: arena.name,
    locked: holders.length > 0,
    holders,
    waiters: queue.waiters.slice(0, WAITERS_SHOWN_MAX).map(toWaiter),
    queueLength: queue.queueLength,
    revision: queue.revision,
  };
}

async function withExpiries(
  caller: Caller,
  deps: LockViewDeps,
  holders: readonly Entry[],
): Promise<HolderView[]> {
  return Promise.all(
    holders.map(async (entry, index) => {
      const holder = toHolder(entry);
      if (entry.lease !== undefined && index >= EXPIRIES_MAX) return holder;
      return { ...holder, expiresIn: await remainingSeconds(caller, deps.etcd, entry) };
    }),
  );
}

export interface LockList {
  readonly locks: readonly Omit<LockView, 'waiters'>[];
  readonly next: string | undefined;
}

export interface LockListRequest {
  /** Of names, not of keys. */
  readonly prefix: string;
  readonly limit: number;
  readonly next?: string | undefined;
  readonly withExpiry: boolean;
}

/**
 * Locks that have an entry, in the order of their encoded names, at one revision over all pages. Names that other clients chose and that
 * no name of ours encodes to are left out: they cannot be asked for here. Throws `invalid-request` for a `next` that is none of ours,
 * `revision-compacted` when the pages' revision is gone.
 */
export async function listLocks(
  caller: Caller,
  deps: LockViewDeps,
  request: LockListRequest,
): Promise<LockList> {
  const cursor = request.next === undefined ? undefined : decodeCursor(request.next);
  const range =
    cursor?.range ?? prefixRange(Buffer.from(deps.lockPrefix + encodeName(request.prefix)));
  const names = await readNames(
    caller,
    deps,
    { key: cursor?.from ?? range.key, rangeEnd: range.rangeEnd },
    request.limit,
    cursor?.revision,
  );
  const arenas = names.segments.flatMap((segment) => {
    const name = decodeName(segment);
    return name === undefined || !isName(name) ? [] : [createArena(deps.lockPrefix, name, 'name')];
  });
  const views: LockView[] = [];
  for (let done = 0; done < arenas.length; done += LIST_READS_MAX) {
    const some = arenas.slice(done, done + LIST_READS_MAX);
    const read = some.map((arena) =>
      viewOf(caller, deps, arena, request.withExpiry, names.revision),
    );
    views.push(...(await Promise.all(read)));
  }
  const next =
    names.from && encodeCursor({ range, from: names.from, revision: names.revision, count: 1 });
  return {
    locks: views.map(({ name, locked, holders, queueLength }) => ({
      name,
      locked,
      holders,
      queueLength,
    })),
    next,
  };
}

interface Names {
  readonly segments: readonly string[];
  readonly revision: number;
  /** Where the next page begins; undefined at the end. */
  readonly from: Buffer | undefined;
}

// Skips from lock to lock: a queue of thousands costs one more read, not its length.
async function readNames(
  caller: Caller,
  deps: LockViewDeps,
  span: Span,
  limit: number,
  at: number | undefined,
): Promise<Names> {
  const segments: string[] = [];
  let revision = at;
  let from = span.key;
  for (;;) {
    const chunk = await deps.etcd.range(caller, {
      key: from,
      rangeEnd: span.rangeEnd,
      limit: LIST_CHUNK_KEYS,
      keysOnly: true,
      revision,
    });
    revision ??= chunk.header.revision;
    const seen = new Set(chunk.kvs.map((kv) => segmentOf(deps, kv)));
    for (const segment of seen) {
      if (segment === undefined) continue;
      if (segments.length >= limit) return { segments, revision, from };
      segments.push(segment);
      from = prefixRange(Buffer.from(`${deps.lockPrefix}${segment}/`)).rangeEnd;
    }
    const last = chunk.kvs.at(-1);
    if (!chunk.more || last === undefined) return { segments, revision, from: undefined };
    if (from.compare(last.key) <= 0) from = nextKey(last.key);
  }
}

/** Undefined for a key that is no entry of any lock: nothing stands below its name. */
function segmentOf(deps: LockViewDeps, kv: KeyValue): string | undefined {
  const path = kv.key.toString('utf8').slice(deps.lockPrefix.length);
  const slash = path.indexOf('/');
  return slash > 0 ? path.slice(0, slash) : undefined;
}
