// Reads of locks for display: holders, waiters, and the list of locks.
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import { nextKey, prefixRange } from '../../etcd/range.js';
import type { KeyValue, Span } from '../../etcd/wire.js';
import { createLockResource, decodeName, encodeName, isLockName } from '../contention/key.js';
import type { LockMode, LockResource } from '../contention/key.js';
import { inspectQueue, remainingSeconds } from '../contention/queue-reads.js';
import type { Entry } from '../contention/queue.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { decodeLockValue } from './lock-value.js';

export interface HolderView {
  /** `null` for another client of etcd. */
  readonly owner: string | null;
  readonly mode: LockMode;
  readonly fencingToken: number;
  readonly acquiredBy: string | null;
  /** Seconds until the entry expires unless it is renewed; `null` without a lease; absent if it was not read. */
  readonly expiresIn?: number | null;
  readonly metadata?: unknown;
}

export interface WaiterView {
  readonly owner: string | null;
  readonly mode: LockMode;
  /** 1 is next. */
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
/** Holders whose remaining time is read, with one request each. */
const EXPIRIES_READ_MAX = 32;
/** Locks of a list that are read at the same time. */
const CONCURRENT_READS_MAX = 16;
/** Keys that one upstream read of a list returns at most. */
const LIST_CHUNK_KEYS = 500;

export interface LockViewDeps {
  readonly etcd: EtcdClient;
  readonly lockPrefix: string;
}

export function toHolderView(entry: Entry): HolderView {
  const value = decodeLockValue(entry.value);
  return {
    owner: value?.owner ?? null,
    mode: entry.mode,
    fencingToken: entry.createRevision,
    acquiredBy: value?.acquiredBy ?? null,
    ...(value?.metadata !== undefined && { metadata: value.metadata }),
  };
}

function toWaiterView(entry: Entry, index: number): WaiterView {
  const value = decodeLockValue(entry.value);
  return {
    owner: value?.owner ?? null,
    mode: entry.mode,
    position: index + 1,
    ...(value?.metadata !== undefined && { metadata: value.metadata }),
  };
}

/**
 * Returns one lock as it was at `revision`. The remaining times are read after that. Throws `invalid-request` for an impossible name. Does
 * not guarantee that the state is still current.
 */
export async function inspectLock(
  caller: Caller,
  deps: LockViewDeps,
  name: string,
): Promise<LockView & { revision: number }> {
  return viewOf(caller, deps, createLockResource(deps.lockPrefix, name, 'name'), true);
}

async function viewOf(
  caller: Caller,
  deps: LockViewDeps,
  resource: LockResource,
  withExpiry: boolean,
  revision?: number,
): Promise<LockView & { revision: number }> {
  const queue = await inspectQueue(caller, deps.etcd, resource, revision);
  const holders = withExpiry
    ? await withExpiries(caller, deps, queue.holders)
    : queue.holders.map(toHolderView);
  return {
    name: resource.name,
    locked: holders.length > 0,
    holders,
    waiters: queue.waiters.slice(0, WAITERS_SHOWN_MAX).map(toWaiterView),
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
      const holder = toHolderView(entry);
      if (entry.lease !== undefined && index >= EXPIRIES_READ_MAX) return holder;
      return { ...holder, expiresIn: await remainingSeconds(caller, deps.etcd, entry) };
    }),
  );
}

export interface LockList {
  readonly locks: readonly Omit<LockView, 'waiters'>[];
  readonly next: string | undefined;
}

export interface LockListRequest {
  /** A prefix of names, not of keys. */
  readonly prefix: string;
  readonly limit: number;
  readonly next?: string | undefined;
  readonly withExpiry: boolean;
}

/**
 * Returns the locks that have an entry, in the order of their encoded names. All pages show the same revision. Names of other clients that
 * the encoding cannot produce are left out, because this API cannot address them. Throws `invalid-request` for a `next` that the gateway did
 * not create, `revision-compacted` if the revision of the pages is compacted.
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
  const resources = names.segments.flatMap((segment) => {
    const name = decodeName(segment);
    return name === undefined || !isLockName(name)
      ? []
      : [createLockResource(deps.lockPrefix, name, 'name')];
  });
  const views: LockView[] = [];
  for (let done = 0; done < resources.length; done += CONCURRENT_READS_MAX) {
    const some = resources.slice(done, done + CONCURRENT_READS_MAX);
    const read = some.map((resource) =>
      viewOf(caller, deps, resource, request.withExpiry, names.revision),
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

// Skips from lock to lock, so that a queue of thousands of entries costs one more read instead of one for each of its pages.
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

/** Returns `undefined` for a key that is not an entry of a lock: it has no slash after the name. */
function segmentOf(deps: LockViewDeps, kv: KeyValue): string | undefined {
  const path = kv.key.toString('utf8').slice(deps.lockPrefix.length);
  const slash = path.indexOf('/');
  return slash > 0 ? path.slice(0, slash) : undefined;
}
