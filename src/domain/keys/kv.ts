// One key: read, write, delete, with conditions and guards as single transactions.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { isAbsent, isPresent, leaseIs, modRevisionIs } from '../../etcd/compare.js';
import type { Compare, KeyValue, RequestOp, ResponseOp, TxnResponse } from '../../etcd/wire.js';
import { resolveGuard } from '../locks/guard.js';
import type { Guard, GuardDeps, ResolvedGuard } from '../locks/guard.js';
import { isKeyLease, servesOneKey } from '../leases/lease-id.js';
import {
  expiredBeforeWrite,
  grantKeyLease,
  leaseNotFound,
  releaseKeyLease,
  revokeLater,
} from '../leases/leases.js';
import type { GrantedLease, LeaseGrantDeps } from '../leases/leases.js';
import { timeToLive } from '../leases/life.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import type { ReservedKeys } from '../reserved.js';

export interface KvDeps extends GuardDeps, LeaseGrantDeps {
  readonly reserved: ReservedKeys;
}

/** What must be true of the key for a write to happen. */
export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'modRevision'; readonly modRevision: number };

export interface KeyRead {
  readonly key: Buffer;
  /** Read the past; `revision-compacted` when it is gone. */
  readonly revision?: number | undefined;
  /** Ask the nearest member without a quorum: may be stale. */
  readonly serializable?: boolean | undefined;
}

export interface KeyFound {
  readonly entry: KeyValue | undefined;
  /** The store's revision: a watch from the next one misses nothing. */
  readonly revision: number;
}

/** Throws `reserved-prefix` for what no door shows, `revision-compacted` for a past that is gone. Not promised with `serializable`: that it is new. */
export async function getKey(caller: Caller, deps: KvDeps, read: KeyRead): Promise<KeyFound> {
  deps.reserved.refuseRead(read.key);
  const { key, revision, serializable } = read;
  const answer = await deps.etcd.range(caller, { key, revision, serializable });
  return { entry: answer.kvs[0], revision: answer.header.revision };
}

/** A write that its condition refused changed nothing; `current` is what stands in its way. */
export type Written =
  | {
      readonly kind: 'done';
      readonly revision: number;
      readonly previous: KeyValue | undefined;
      readonly deleted: number;
    }
  | { readonly kind: 'refused'; readonly revision: number; readonly current: KeyValue | undefined };

export interface KeyPut {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly condition?: Condition | undefined;
  readonly guard?: Guard | undefined;
  /** Hang the key on this lease, 16 hex digits. */
  readonly lease?: string | undefined;
  /** Or on a new one that lives this long. */
  readonly ttlSeconds?: number | undefined;
  /** Also tell what was there before. */
  readonly previous?: boolean | undefined;
}

/** `granted` is the lease that was made for a ttl. */
export type Put = Written & { readonly granted?: GrantedLease };

/**
 * Stores a value; without lease and ttl it detaches the lease that the key had (etcd's rule). Throws `reserved-prefix`, `lock-lost` when
 * the guard does not hold, `lease-not-found`. Not promised: that two plain writes carry different revisions.
 */
export async function putKey(caller: Caller, deps: KvDeps, write: KeyPut): Promise<Put> {
  const { key, value, condition, ttlSeconds, lease, previous } = write;
  deps.reserved.refuseWrite(key);
  const guard = write.guard && (await resolveGuard(caller, deps, write.guard));
  const demands = demandsOn(key, condition, guard, lease);
  const put = (on: string | undefined): Promise<Written> => {
    const send = (prevKv: boolean): Promise<Written> =>
      writeIf(caller, deps, demands, { kind: 'put', put: { key, value, lease: on, prevKv } });
    const isAsked = previous === true;
    // A put without a condition, guard or lease shares transactions with others, and then reads no old value.
    const isShared = on === undefined && !isAsked && demands.compare.length === 0;
    return isShared ? send(false) : releasing(caller, deps, { isAsked, lease: on }, send);
  };
  if (ttlSeconds === undefined) {
    const written = await put(lease);
    if (lease !== undefined && isKeyLease(lease))
      await requireSameKey(caller, deps, written, lease);
    return written;
  }
  // Who polls with a condition costs etcd nothing durable: no lease is made while it does not hold.
  const unmet = condition && (await beforeWrite(look(caller, deps, demands)));
  return unmet ?? putOnFreshLease(caller, deps, ttlSeconds, put);
}

/**
 * Writes, and revokes the lease of the replaced or deleted key where it served that key alone. For this purpose the write asks etcd for what
 * was there. A caller without the right to read gets the write without it: the lease then expires.
 */
async function releasing(
  caller: Caller,
  deps: KvDeps,
  { isAsked, lease }: { readonly isAsked: boolean; readonly lease?: string | undefined },
  write: (prevKv: boolean) => Promise<Written>,
): Promise<Written> {
  const written = await write(true).catch((error: unknown) => {
    if (isAsked || !(error instanceof GatewayError) || error.code !== 'permission-denied')
      throw error;
    return write(false);
  });
  if (written.kind !== 'done') return written;
  const before = written.previous?.lease;
  if (before !== lease) releaseKeyLease(caller, deps, before);
  return isAsked ? written : { ...written, previous: undefined };
}

/** Of a put on the lease of a single key. Throws `permission-denied` for another key, `lease-not-found`. */
async function requireSameKey(
  caller: Caller,
  deps: KvDeps,
  written: Written,
  lease: string,
): Promise<void> {
  if (written.kind === 'done' || written.current?.lease === lease) return;
  const { ttlSeconds } = await beforeWrite(timeToLive(caller, deps.etcd, lease, false));
  throw ttlSeconds === undefined ? leaseNotFound(lease) : servesOneKey(lease);
}

async function putOnFreshLease(
  caller: Caller,
  deps: KvDeps,
  ttlSeconds: number,
  put: (lease: string) => Promise<Written>,
): Promise<Put> {
  const granted = await beforeWrite(grantKeyLease(caller, deps, ttlSeconds));
  try {
    const written = await put(granted.lease);
    if (written.kind === 'refused') revokeLater(caller, deps, granted.lease);
    return { ...written, granted };
  } catch (error) {
    // Only what surely did not happen is undone: after a put of unknown fate a revoke would take the key, and its old value with it.
    if (error instanceof GatewayError && error.outcome !== 'unknown')
      revokeLater(caller, deps, granted.lease);
    throw error instanceof GatewayError && error.code === 'lease-not-found'
      ? expiredBeforeWrite(error)
      : error;
  }
}

export interface KeyDelete {
  readonly key: Buffer;
  readonly condition?: Condition | undefined;
  readonly guard?: Guard | undefined;
  readonly previous?: boolean | undefined;
}

/** `deleted` is 0 when there was no such key. Throws `reserved-prefix`, `lock-lost` when the guard does not hold. */
export async function deleteKey(caller: Caller, deps: KvDeps, write: KeyDelete): Promise<Written> {
  const { key, condition, previous } = write;
  deps.reserved.refuseWrite(key);
  const guard = write.guard && (await resolveGuard(caller, deps, write.guard));
  const demands = demandsOn(key, condition, guard);
  return releasing(caller, deps, { isAsked: previous === true }, (prevKv) =>
    writeIf(caller, deps, demands, { kind: 'deleteRange', deleteRange: { key, prevKv } }),
  );
}

/** What has to be true for a write, and how to see afterwards what was not. */
interface Demands {
  readonly compare: readonly Compare[];
  readonly probes: readonly RequestOp[];
  readonly guard: ResolvedGuard | undefined;
}

function demandsOn(
  key: Buffer,
  condition: Condition | undefined,
  guard: ResolvedGuard | undefined,
  lease?: string,
): Demands {
  return {
    compare: [
      // The lease of a single key may be revoked once that key has left it, so it takes the key only as long as the key is on it.
      ...(lease !== undefined && isKeyLease(lease) ? [leaseIs(key, lease)] : []),
      ...(condition === undefined ? [] : [toCompare(key, condition)]),
      ...(guard?.compare ?? []),
    ],
    probes: [{ kind: 'range', range: { key } }, ...(guard === undefined ? [] : [guard.probe])],
    guard,
  };
}

async function writeIf(
  caller: Caller,
  deps: KvDeps,
  demands: Demands,
  op: RequestOp & { kind: 'put' | 'deleteRange' },
): Promise<Written> {
  const { compare, probes } = demands;
  if (compare.length === 0) {
    return op.kind === 'put'
      ? toWritten({ kind: 'put', put: await deps.etcd.put(caller, op.put) })
      : toWritten({
          kind: 'deleteRange',
          deleteRange: await deps.etcd.deleteRange(caller, op.deleteRange),
        });
  }
  const answer = await deps.etcd.txn(caller, { compare, success: [op], failure: probes });
  if (!answer.succeeded) return refusalOf(answer, demands);
  return { ...toWritten(answer.responses[0]), revision: answer.header.revision };
}

/** The demands as they stand now, without writing anything. */
async function look(
  caller: Caller,
  deps: KvDeps,
  demands: Demands,
): Promise<Extract<Written, { kind: 'refused' }> | undefined> {
  const { compare, probes } = demands;
  const answer = await deps.etcd.txn(caller, { compare, success: [], failure: probes });
  return answer.succeeded ? undefined : refusalOf(answer, demands);
}

// Of the two demands the lock's comes first: who lost it has more to mend than a stale revision.
function refusalOf(
  { header: { revision }, responses: [found, probed] }: TxnResponse,
  { guard }: Demands,
): Extract<Written, { kind: 'refused' }> {
  guard?.check(probed, revision);
  const current = found?.kind === 'range' ? found.range.kvs[0] : undefined;
  return { kind: 'refused', revision, current };
}

function toWritten(response: ResponseOp | undefined): Extract<Written, { kind: 'done' }> {
  switch (response?.kind) {
    case 'put': {
      const { header, prevKv } = response.put;
      return { kind: 'done', revision: header.revision, previous: prevKv, deleted: 0 };
    }
    case 'deleteRange': {
      const { header, deleted, prevKvs } = response.deleteRange;
      return { kind: 'done', revision: header.revision, previous: prevKvs[0], deleted };
    }
    default:
      return { kind: 'done', revision: 0, previous: undefined, deleted: 0 };
  }
}

function toCompare(key: Buffer, condition: Condition): Compare {
  switch (condition.kind) {
    case 'absent':
      return isAbsent(key);
    case 'present':
      return isPresent(key);
    case 'modRevision':
      return modRevisionIs(key, condition.modRevision);
  }
}
