// The requests of the lock algorithm, each one transaction: what it asks, what it writes, how its answer reads. No retries, no order:
// those are the contender's.
import type { Caller } from '../../core/caller.js';
import { createRevisionIs, isAbsent, isEmptyRange, modRevisionIs } from '../../etcd/compare.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { KeyValue, RangeRequest, RequestOp, TxnResponse } from '../../etcd/wire.js';
import { modeRanges } from './key.js';
import type { Arena, Place } from './key.js';

/** What a read of a whole lock tells without reading its queue. */
export interface Surroundings {
  readonly own: KeyValue | undefined;
  readonly sibling: KeyValue | undefined;
  /** The oldest entry: a holder. */
  readonly first: KeyValue | undefined;
  readonly hasExclusive: boolean;
  /** Entries, holders and waiters. */
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

function surroundingsOf({ arena, own, sibling }: Place): RequestOp[] {
  return [
    read({ key: own }),
    read({ key: sibling }),
    read(oldest(arena.range)),
    ...modeRanges(arena, 'exclusive').map((range) => read({ ...range, limit: 1, keysOnly: true })),
  ];
}

function toSurroundings(answer: TxnResponse): Surroundings {
  const ranges = answer.responses.flatMap((op) => (op.kind === 'range' ? [op.range] : []));
  const [own, sibling, first, ...exclusive] = ranges;
  return {
    own: own?.kvs[0],
    sibling: sibling?.kvs[0],
    first: first?.kvs[0],
    hasExclusive: exclusive.some((range) => range.count > 0),
    count: first?.count ?? 0,
  };
}

/** The look before everything else: who is refused after it has cost etcd nothing durable. */
export async function lookAround(
  caller: Caller,
  etcd: EtcdClient,
  place: Place,
): Promise<Surroundings> {
  return toSurroundings(
    await etcd.txn(caller, { compare: [], success: surroundingsOf(place), failure: [] }),
  );
}

/** An entry was put at this revision, or everything that stands in its way was read instead. */
export type Entered =
  | { readonly kind: 'put'; readonly createRevision: number }
  | { readonly kind: 'refused'; readonly around: Surroundings };

/** A try: puts the entry only when it holds from its first moment. The success is its own confirmation. */
export async function tryOnce(
  caller: Caller,
  etcd: EtcdClient,
  place: Place,
  value: Buffer,
  lease: string,
): Promise<Entered> {
  const { arena, own, sibling, mode } = place;
  const compare =
    mode === 'exclusive'
      ? [isEmptyRange(arena.range)]
      : [isAbsent(own), isAbsent(sibling), ...modeRanges(arena, 'exclusive').map(isEmptyRange)];
  return entered(
    await etcd.txn(caller, {
      compare,
      success: [putEntry(own, value, lease)],
      failure: surroundingsOf(place),
    }),
  );
}

/** Enters: queues up, unless the token has an entry already in either mode. */
export async function enterOnce(
  caller: Caller,
  etcd: EtcdClient,
  place: Place,
  value: Buffer,
  lease: string,
): Promise<Entered> {
  const compare = [isAbsent(place.own), isAbsent(place.sibling)];
  return entered(
    await etcd.txn(caller, {
      compare,
      success: [putEntry(place.own, value, lease)],
      failure: surroundingsOf(place),
    }),
  );
}

function putEntry(key: Buffer, value: Buffer, lease: string): RequestOp {
  return { kind: 'put', put: { key, value, lease } };
}

function entered(answer: TxnResponse): Entered {
  if (answer.succeeded) return { kind: 'put', createRevision: answer.header.revision };
  return { kind: 'refused', around: toSurroundings(answer) };
}

/** A compare-and-write of the own key: done at a revision, or what the key is instead (`undefined`: gone). */
export type Touched =
  | { readonly kind: 'done'; readonly revision: number }
  | { readonly kind: 'moved'; readonly own: KeyValue | undefined };

async function touch(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  seen: number,
  op: RequestOp,
): Promise<Touched> {
  const answer = await etcd.txn(caller, {
    compare: [modRevisionIs(key, seen)],
    success: [op],
    failure: [read({ key })],
  });
  if (answer.succeeded) return { kind: 'done', revision: answer.header.revision };
  const [response] = answer.responses;
  return { kind: 'moved', own: response?.kind === 'range' ? response.range.kvs[0] : undefined };
}

/** Re-joins the token's own entry: marks it, so that who created it no longer deletes it unasked. Place, value and lease stay. */
export async function rejoin(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  seen: number,
): Promise<Touched> {
  return touch(caller, etcd, key, seen, {
    kind: 'put',
    put: { key, ignoreValue: true, ignoreLease: true },
  });
}

/** Converts: moves a holder off the lease it entered on; `lease` undefined = it stays until released. */
export async function convert(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  seen: number,
  lease: string | undefined,
): Promise<Touched> {
  return touch(caller, etcd, key, seen, { kind: 'put', put: { key, ignoreValue: true, lease } });
}

/** Puts another value on an entry: place, create revision and lease stay. A late copy never overwrites a value that came after it. */
export async function replaceValue(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  seen: number,
  value: Buffer,
): Promise<Touched> {
  return touch(caller, etcd, key, seen, { kind: 'put', put: { key, value, ignoreLease: true } });
}

/** Leaves unasked: deletes the entry only while its last write is the caller's own. */
export async function leaveOwn(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  lastWrite: number,
): Promise<Touched> {
  return touch(caller, etcd, key, lastWrite, { kind: 'deleteRange', deleteRange: { key } });
}

/** Deletes the entry with this create revision, and nothing that came later under its key. Returns the entry as it was deleted. */
export async function deleteEntry(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
  createRevision: number,
): Promise<KeyValue | undefined> {
  const answer = await etcd.txn(caller, {
    compare: [createRevisionIs(key, createRevision)],
    success: [{ kind: 'deleteRange', deleteRange: { key, prevKv: true } }],
    failure: [],
  });
  const [response] = answer.responses;
  return response?.kind === 'deleteRange' ? response.deleteRange.prevKvs[0] : undefined;
}

export async function readOwn(
  caller: Caller,
  etcd: EtcdClient,
  key: Buffer,
): Promise<KeyValue | undefined> {
  return (await etcd.range(caller, { key })).kvs[0];
}

export interface Look {
  readonly own: KeyValue | undefined;
  /** What the own entry waits for: the nearest entry before an exclusive one, the nearest exclusive one before a shared one. */
  readonly blocker: KeyValue | undefined;
  /** At which all this was so. */
  readonly revision: number;
}

/** The oldest of all entries: in an arena of exclusive ones the holder, who stays it until his key goes. */
export async function readFirst(
  caller: Caller,
  etcd: EtcdClient,
  { range }: Arena,
): Promise<KeyValue | undefined> {
  return (await etcd.range(caller, oldest(range))).kvs[0];
}

/** The look of who waits or renews: the own key and its predecessor at one revision, never the whole queue. */
export async function look(
  caller: Caller,
  etcd: EtcdClient,
  place: Omit<Place, 'sibling'>,
  createRevision: number,
): Promise<Look> {
  const { arena, mode, own } = place;
  const before = mode === 'exclusive' ? [arena.range] : modeRanges(arena, 'exclusive');
  const answer = await etcd.txn(caller, {
    compare: [],
    success: [
      read({ key: own }),
      ...before.map((range) => read(newest({ ...range, maxCreateRevision: createRevision - 1 }))),
    ],
    failure: [],
  });
  const [mine, ...blockers] = answer.responses.map((op) =>
    op.kind === 'range' ? op.range.kvs[0] : undefined,
  );
  const nearest = blockers
    .filter((kv) => kv !== undefined)
    .sort((a, b) => b.createRevision - a.createRevision)[0];
  return { own: mine, blocker: nearest, revision: answer.header.revision };
}
