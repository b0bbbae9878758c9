// Reads, writes and deletes one key. Conditions and guards are part of the same transaction.
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
import { timeToLive } from '../leases/lease-calls.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import type { ReservedKeys } from '../reserved.js';

export interface KvDeps extends GuardDeps, LeaseGrantDeps {
  readonly reserved: ReservedKeys;
}

/** What must be true of the key for the write to be applied. */
export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'modRevision'; readonly modRevision: number };

export interface KeyRead {
  readonly key: Buffer;
  /** Reads the key at this revision; `revision-compacted` if it is compacted. */
  readonly revision?: number | undefined;
  /** Reads from one member without a quorum: the result may be stale. */
  readonly serializable?: boolean | undefined;
}

export interface KeyFound {
  readonly entry: KeyValue | undefined;
  /** The store's revision: a watch from the next one misses nothing. */
  readonly revision: number;
}

/** Throws `reserved-prefix` for hidden keys, and `revision-compacted`. Does not guarantee with `serializable` that the result is current. */
export async function getKey(caller: Caller, deps: KvDeps, read: KeyRead): Promise<KeyFound> {
  deps.reserved.refuseRead(read.key);
  const { key, revision, serializable } = read;
  const response = await deps.etcd.range(caller, { key, revision, serializable });
  return { entry: response.kvs[0], revision: response.header.revision };
}

/** `refused`: the condition was not met and nothing changed; `current` is the key as it is now. */
export type WriteResult =
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
  /** The lease to attach the key to, 16 hex digits. */
  readonly lease?: string | undefined;
  /** Alternatively the ttl of a new lease for the key. */
  readonly ttlSeconds?: number | undefined;
  /** Also return the previous entry. */
  readonly previous?: boolean | undefined;
}

/** `granted` is the new lease of a put with a ttl. */
export type PutResult = WriteResult & { readonly granted?: GrantedLease };

/**
 * Stores a value. Without `lease` and `ttlSeconds` the key is detached from its lease, as in etcd. Throws `reserved-prefix`, `lock-lost`
 * if the guard does not hold, and `lease-not-found`. Does not guarantee that two plain writes have different revisions.
 */
export async function putKey(caller: Caller, deps: KvDeps, write: KeyPut): Promise<PutResult> {
  const { key, value, condition, ttlSeconds, lease, previous } = write;
  deps.reserved.refuseWrite(key);
  const guard = write.guard && (await resolveGuard(caller, deps, write.guard));
  const preconditions = preconditionsOf(key, condition, guard, lease);
  const put = (leaseOfKey: string | undefined): Promise<WriteResult> => {
    const send = (prevKv: boolean): Promise<WriteResult> =>
      writeIf(caller, deps, preconditions, {
        kind: 'put',
        put: { key, value, lease: leaseOfKey, prevKv },
      });
    const isRequested = previous === true;
    // A put without a condition, guard or lease is batched with others; a batched put cannot return the previous entry.
    const isShared = leaseOfKey === undefined && !isRequested && preconditions.compare.length === 0;
    return isShared
      ? send(false)
      : writeAndRelease(caller, deps, { isRequested, lease: leaseOfKey }, send);
  };
  if (ttlSeconds === undefined) {
    const written = await put(lease);
    if (lease !== undefined && isKeyLease(lease))
      await requireSameKey(caller, deps, written, lease);
    return written;
  }
  // No lease is granted while the condition does not hold, so that clients that poll with a condition cause no writes.
  const unmet = condition && (await beforeWrite(checkPreconditions(caller, deps, preconditions)));
  return unmet ?? putOnFreshLease(caller, deps, ttlSeconds, put);
}

/**
 * Writes, and revokes the lease of the replaced or deleted key if it served that key alone. To find that lease, the write requests the
 * previous entry from etcd. Without the right to read the key, the write is sent without that request, and the lease expires.
 */
async function writeAndRelease(
  caller: Caller,
  deps: KvDeps,
  { isRequested, lease }: { readonly isRequested: boolean; readonly lease?: string | undefined },
  write: (prevKv: boolean) => Promise<WriteResult>,
): Promise<WriteResult> {
  const written = await write(true).catch((error: unknown) => {
    if (isRequested || !(error instanceof GatewayError) || error.code !== 'permission-denied')
      throw error;
    return write(false);
  });
  if (written.kind !== 'done') return written;
  const before = written.previous?.lease;
  if (before !== lease) releaseKeyLease(caller, deps, before);
  return isRequested ? written : { ...written, previous: undefined };
}

/** Checks a refused put on the lease of a single key. Throws `permission-denied` if it is another key's, and `lease-not-found`. */
async function requireSameKey(
  caller: Caller,
  deps: KvDeps,
  written: WriteResult,
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
  put: (lease: string) => Promise<WriteResult>,
): Promise<PutResult> {
  const granted = await beforeWrite(grantKeyLease(caller, deps, ttlSeconds));
  try {
    const written = await put(granted.lease);
    if (written.kind === 'refused') revokeLater(caller, deps, granted.lease);
    return { ...written, granted };
  } catch (error) {
    // Only if the put was definitely not applied: after an unknown outcome the revoke could delete the key.
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

/** `deleted` is 0 if the key did not exist. Throws `reserved-prefix`, and `lock-lost` if the guard does not hold. */
export async function deleteKey(
  caller: Caller,
  deps: KvDeps,
  write: KeyDelete,
): Promise<WriteResult> {
  const { key, condition, previous } = write;
  deps.reserved.refuseWrite(key);
  const guard = write.guard && (await resolveGuard(caller, deps, write.guard));
  const preconditions = preconditionsOf(key, condition, guard);
  return writeAndRelease(caller, deps, { isRequested: previous === true }, (prevKv) =>
    writeIf(caller, deps, preconditions, { kind: 'deleteRange', deleteRange: { key, prevKv } }),
  );
}

/** What must be true for a write, and the reads that show afterwards what was not. */
interface Preconditions {
  readonly compare: readonly Compare[];
  readonly probes: readonly RequestOp[];
  readonly guard: ResolvedGuard | undefined;
}

function preconditionsOf(
  key: Buffer,
  condition: Condition | undefined,
  guard: ResolvedGuard | undefined,
  lease?: string,
): Preconditions {
  return {
    compare: [
      // The gateway may revoke the lease of a single key once the key is detached. The put is applied only while the key is attached.
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
  preconditions: Preconditions,
  op: RequestOp & { kind: 'put' | 'deleteRange' },
): Promise<WriteResult> {
  const { compare, probes } = preconditions;
  if (compare.length === 0) {
    return op.kind === 'put'
      ? toWriteResult({ kind: 'put', put: await deps.etcd.put(caller, op.put) })
      : toWriteResult({
          kind: 'deleteRange',
          deleteRange: await deps.etcd.deleteRange(caller, op.deleteRange),
        });
  }
  const response = await deps.etcd.txn(caller, { compare, success: [op], failure: probes });
  if (!response.succeeded) return refusalOf(response, preconditions);
  return { ...toWriteResult(response.responses[0]), revision: response.header.revision };
}

/** Checks the preconditions without a write. Returns `undefined` if they hold. */
async function checkPreconditions(
  caller: Caller,
  deps: KvDeps,
  preconditions: Preconditions,
): Promise<Extract<WriteResult, { kind: 'refused' }> | undefined> {
  const { compare, probes } = preconditions;
  const response = await deps.etcd.txn(caller, { compare, success: [], failure: probes });
  return response.succeeded ? undefined : refusalOf(response, preconditions);
}

// The guard is checked first: a lost lock is more serious than a stale revision.
function refusalOf(
  { header: { revision }, responses: [found, probed] }: TxnResponse,
  { guard }: Preconditions,
): Extract<WriteResult, { kind: 'refused' }> {
  guard?.check(probed, revision);
  const current = found?.kind === 'range' ? found.range.kvs[0] : undefined;
  return { kind: 'refused', revision, current };
}

function toWriteResult(response: ResponseOp | undefined): Extract<WriteResult, { kind: 'done' }> {
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
