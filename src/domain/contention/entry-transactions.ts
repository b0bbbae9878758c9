// The requests of the lock algorithm, each one read or transaction. The acquirer decides their order and repetition.
import type { Caller } from '../../core/caller.js';
import { createRevisionIs, isAbsent, isEmptyRange, modRevisionIs } from '../../etcd/compare.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { Compare, KeyValue, RangeRequest, RequestOp, TxnResponse } from '../../etcd/wire.js';
import { modeRanges } from './key.js';
import type { EntryKeys, LockResource } from './key.js';

/** A lock at one revision, without the entries of its queue. */
export interface QueueSnapshot {
  readonly own: KeyValue | undefined;
  /** The entry that the same token has in the other mode. */
  readonly otherMode: KeyValue | undefined;
  /** The oldest entry, which is a holder. */
  readonly first: KeyValue | undefined;
  readonly hasExclusive: boolean;
  /** All entries: holders and waiters. */
  readonly count: number;
}

const oldest = (range: RangeRequest): RangeRequest => ({
  ...range,
  limit: 1,
  sort: { target: 'create', order: 'ascend' },
});
const newest = (range: RangeRequest): RangeRequest => ({
  ...range,
  limit: 1,
  sort: { target: 'create', order: 'descend' },
});
const read = (range: RangeRequest): RequestOp => ({ kind: 'range', range });

function snapshotReads({ resource, own, otherMode }: EntryKeys): RequestOp[] {
  return [
    read({ key: own }),
    read({ key: otherMode }),
    read(oldest(resource.range)),
    ...modeRanges(resource, 'exclusive').map((range) =>
      read({ ...range, limit: 1, keysOnly: true }),
    ),
  ];
}

function toQueueSnapshot(response: TxnResponse): QueueSnapshot {
  const ranges = response.responses.flatMap((op) => (op.kind === 'range' ? [op.range] : []));
  const [own, otherMode, first, ...exclusive] = ranges;
  return {
    own: own?.kvs[0],
    otherMode: otherMode?.kvs[0],
    first: first?.kvs[0],
    hasExclusive: exclusive.some((range) => range.count > 0),
    count: first?.count ?? 0,
  };
}

/** Reads the lock before anything is written: a client that is refused after this read has caused no write in etcd. */
export async function readQueue(
  caller: Caller,
  etcd: EtcdClient,
  keys: EntryKeys,
): Promise<QueueSnapshot> {
  return toQueueSnapshot(
    await etcd.txn(caller, { compare: [], success: snapshotReads(keys), failure: [] }),
  );
}

/** `put`: the entry was created at this revision. `refused`: the comparison failed, and the queue was read instead. */
export type EnterResult =
  | { readonly kind: 'put'; readonly createRevision: number }
  | { readonly kind: 'refused'; readonly queue: QueueSnapshot };

/** Puts the entry only if it becomes a holder at once. A put is its own confirmation. */
export async function tryEnter(
  caller: Caller,
  etcd: EtcdClient,
  keys: EntryKeys,
  value: Buffer,
  lease: string,
): Promise<EnterResult> {
  const { resource, own, otherMode, mode } = keys;
  const compare =
    mode === 'exclusive'
      ? [isEmptyRange(resource.range)]
      : [
          isAbsent(own),
          isAbsent(otherMode),
          ...modeRanges(resource, 'exclusive').map(isEmptyRange),
        ];
  return putOrRead(caller, etcd, keys, compare, { key: own, value, lease });
}

/** Puts the entry, which then may have to wait, unless the token already has an entry in either mode. */
export async function enterQueue(
  caller: Caller,
  etcd: EtcdClient,
  keys: EntryKeys,
  value: Buffer,
  lease: string,
): Promise<EnterResult> {
  const compare = [isAbsent(keys.own), isAbsent(keys.otherMode)];
  return putOrRead(caller, etcd, keys, compare, { key: keys.own, value, lease });
}

async function putOrRead(
  caller: Caller,
  etcd: EtcdClient,
  keys: EntryKeys,
  compare: Compare[],
  put: { readonly key: Buffer; readonly value: Buffer; readonly lease: string },
): Promise<EnterResult> {
  const response = await etcd.txn(caller, {
    compare,
    success: [{ kind: 'put', put }],
    failure: snapshotReads(keys),
  });
  return response.succeeded
    ? { kind: 'put', createRevision: response.header.revision }
    : { kind: 'refused', queue: toQueueSnapshot(response) };
}

/** The result of a write that compares the mod revision of the own key. `changed`: not written; `own` is the current entry, if any. */
export type CompareAndWriteResult =
  | { readonly kind: 'written'; readonly revision: number }
  | { readonly kind: 'changed'; readonly own: KeyValue | undefined };

async function compareAndWrite(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  modRevision: number,
  op: RequestOp,
): Promise<CompareAndWriteResult> {
  const response = await etcd.txn(caller, {
    compare: [modRevisionIs(key, modRevision)],
    success: [op],
    failure: [read({ key })],
  });
  if (response.succeeded) return { kind: 'written', revision: response.header.revision };
  const [result] = response.responses;
  return { kind: 'changed', own: result?.kind === 'range' ? result.range.kvs[0] : undefined };
}

/**
 * Re-joins the token's own entry: changes only its mod revision, so that the connection that created it no longer deletes it on its own.
 * Create revision, value and lease stay.
 */
export async function rejoin(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  modRevision: number,
): Promise<CompareAndWriteResult> {
  return compareAndWrite(caller, etcd, key, modRevision, {
    kind: 'put',
    put: { key, ignoreValue: true, ignoreLease: true },
  });
}

/** Moves the entry of a holder to another lease. `lease` undefined: to none, so the entry lasts until it is released. */
export async function convert(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  modRevision: number,
  lease: string | undefined,
): Promise<CompareAndWriteResult> {
  return compareAndWrite(caller, etcd, key, modRevision, {
    kind: 'put',
    put: { key, ignoreValue: true, lease },
  });
}

/** Replaces the value of an entry. Create revision and lease stay. A late copy never overwrites a newer value. */
export async function replaceValue(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  modRevision: number,
  value: Buffer,
): Promise<CompareAndWriteResult> {
  return compareAndWrite(caller, etcd, key, modRevision, {
    kind: 'put',
    put: { key, value, ignoreLease: true },
  });
}

/** Deletes the entry unless it was written after `modRevision`. */
export async function deleteUnchanged(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  modRevision: number,
): Promise<CompareAndWriteResult> {
  return compareAndWrite(caller, etcd, key, modRevision, {
    kind: 'deleteRange',
    deleteRange: { key },
  });
}

/** Deletes the entry with this create revision, never a later entry under the same key. Returns the deleted entry. */
export async function deleteEntry(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  createRevision: number,
): Promise<KeyValue | undefined> {
  const response = await etcd.txn(caller, {
    compare: [createRevisionIs(key, createRevision)],
    success: [{ kind: 'deleteRange', deleteRange: { key, prevKv: true } }],
    failure: [],
  });
  const [result] = response.responses;
  return result?.kind === 'deleteRange' ? result.deleteRange.prevKvs[0] : undefined;
}

export async function readEntry(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
): Promise<KeyValue | undefined> {
  return (await etcd.range(caller, { key })).kvs[0];
}

/** Reads the oldest entry. If all entries are exclusive, it is the holder, and stays the holder until its key is deleted. */
export async function readFirst(
  caller: Caller,
  etcd: EtcdClient,
  { range }: LockResource,
): Promise<KeyValue | undefined> {
  return (await etcd.range(caller, oldest(range))).kvs[0];
}

export interface OwnSnapshot {
  readonly own: KeyValue | undefined;
  /** The entry that must be deleted first: the nearest older one, or for a shared entry the nearest older exclusive one. */
  readonly blocker: KeyValue | undefined;
  /** The revision of both. */
  readonly revision: number;
}

/** Reads the own key and its blocker at one revision, never the whole queue. */
export async function readOwn(
  caller: Caller,
  etcd: EtcdClient,
  keys: Omit<EntryKeys, 'otherMode'>,
  createRevision: number,
): Promise<OwnSnapshot> {
  const { resource, mode, own } = keys;
  const ranges = mode === 'exclusive' ? [resource.range] : modeRanges(resource, 'exclusive');
  const response = await etcd.txn(caller, {
    compare: [],
    success: [
      read({ key: own }),
      ...ranges.map((range) => read(newest({ ...range, maxCreateRevision: createRevision - 1 }))),
    ],
    failure: [],
  });
  const [entry, ...blockers] = response.responses.map((op) =>
    op.kind === 'range' ? op.range.kvs[0] : undefined,
  );
  const nearest = blockers
    .filter((kv) => kv !== undefined)
    .sort((a, b) => b.createRevision - a.createRevision)[0];
  return { own: entry, blocker: nearest, revision: response.header.revision };
}
