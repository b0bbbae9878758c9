// Every write of the v2 tree is one transaction. It is planned from a snapshot and applied only if the snapshot still holds. Otherwise it is
// planned again from a new snapshot.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../../core/caller.js';
import { GatewayError, outcomeOf } from '../../../core/errors.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type {
  Compare,
  KeyValue,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  TxnResponse,
} from '../../../etcd/wire.js';
import { expiredBeforeWrite, releaseKeyLease } from '../../leases/leases.js';
import type { ReservedKeys } from '../../reserved.js';
import { v2Error } from '../errors.js';
import type { DirectoryExpiry } from '../expiry/directory-expiry.js';
import { expireDirectory } from '../expiry/expire-directory.js';
import {
  grantNodeLease,
  readExpirations,
  revokeNodeLease,
  revokeWhenExpired,
} from '../expiry/node-lease.js';
import type { NodeLease, NodeLeaseDeps } from '../expiry/node-lease.js';
import { putEventRecord } from '../history/event-record.js';
import type { EventRecord } from '../history/event-record.js';
import { fileNode } from '../tree/node.js';
import type { V2Action, V2Event, V2Node } from '../tree/node.js';
import {
  findExpired,
  isDenial,
  readPathSnapshot,
  snapshotReads,
  toPathSnapshot,
} from '../tree/path-snapshot.js';
import type { PathSnapshot, SnapshotDeps } from '../tree/path-snapshot.js';

/** Attempts that can lose against concurrent changes before the request fails. */
const ATTEMPTS_MAX = 200;
/** Later attempts wait for a random time first. */
const ATTEMPTS_WITHOUT_PAUSE = 3;
const PAUSE_MAX_MS = 20;
/** Leases of one change that can expire before the write reaches etcd. */
const EXPIRED_LEASES_MAX = 3;

export interface WriteDeps extends SnapshotDeps, NodeLeaseDeps {
  readonly reserved: ReservedKeys;
  readonly directoryExpiry: DirectoryExpiry;
}

/** The transaction of one write, and what its event states. */
export interface PlannedChange {
  readonly action: V2Action;
  readonly path: string;
  readonly isDirectory: boolean;
  /** The value of the file after the change; `kept` leaves it unchanged. */
  readonly value?: Buffer | 'kept' | undefined;
  /** Milliseconds; absent = no ttl. */
  readonly expiresAt?: number | undefined;
  readonly compare: readonly Compare[];
  /** The `prevKv` of the first operation is the previous file. */
  readonly operations: (lease: NodeLease | undefined) => RequestOp[];
  /** Updates the expiry list. Left out, like the event record, for callers without rights to those keys. */
  readonly metadata?: ((lease: NodeLease | undefined) => RequestOp[]) | undefined;
  /** The previous directory. */
  readonly previous?: V2Node | undefined;
  /** Only for a directory that exists already. */
  readonly createdIndex?: number | undefined;
  readonly isRefresh?: boolean;
  /** A lease without keys after the change. Absent if only the response shows it. */
  readonly detachedLease?: string | undefined;
}

export interface V2Result {
  readonly event: V2Event;
  readonly header: ResponseHeader;
}

/** Plans a change for the current snapshot of a path. Throws v2 errors. */
export type PlanChange = (snapshot: PathSnapshot) => PlannedChange | Promise<PlannedChange>;

/** Throws the v2 errors of `plan`, and `etcd-unavailable` and similar errors with an outcome. */
export async function applyChange(
  caller: Caller,
  deps: WriteDeps,
  path: string,
  plan: PlanChange,
): Promise<V2Result> {
  const writer = new ChangeWriter(caller, deps);
  let failure: unknown;
  try {
    let snapshot: PathSnapshot | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      if (attempt > ATTEMPTS_WITHOUT_PAUSE) await pause(Math.random() * PAUSE_MAX_MS);
      snapshot ??= await beforeWrite(readPathSnapshot(caller, deps, path));
      const expired = findExpired(snapshot);
      if (expired !== undefined) {
        await expireDirectory(caller, deps, expired.path);
        snapshot = undefined;
        continue;
      }
      const planned = await plan(snapshot);
      const response = await writer.write(planned, snapshot);
      if (response.succeeded) return await toResult(caller, deps, planned, writer.lease, response);
      snapshot = isComplete(snapshot)
        ? toPathSnapshot(path, response.header, response.responses)
        : undefined;
    }
    throw v2Error('raftInternal', `${ATTEMPTS_MAX} other changes came first`);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    writer.settleLease(failure);
  }
}

/** Returns whether the caller can read the snapshot of this path in one transaction. */
function isComplete({ ancestors }: PathSnapshot): boolean {
  return ancestors.every(({ isDenied }) => !isDenied);
}

/** Sends all attempts of one change, with at most one lease. Omits the metadata once etcd refuses it. */
class ChangeWriter {
  readonly #caller: Caller;
  readonly #deps: WriteDeps;
  #canWriteMetadata = true;
  #isWritten = false;
  #expiredLeases = 0;
  lease: NodeLease | undefined;

  constructor(caller: Caller, deps: WriteDeps) {
    this.#caller = caller;
    this.#deps = deps;
  }

  async write(planned: PlannedChange, snapshot: PathSnapshot): Promise<TxnResponse> {
    const { expiresAt, compare } = planned;
    if (expiresAt !== undefined)
      this.lease ??= await grantNodeLease(this.#caller, this.#deps, expiresAt, Date.now());
    const lease = expiresAt === undefined ? undefined : this.lease;
    const metadata = this.#canWriteMetadata
      ? [putEventRecord(toRecord(planned, lease)), ...(planned.metadata?.(lease) ?? [])]
      : [];
    const success = [...planned.operations(lease), ...metadata];
    const failure = isComplete(snapshot) ? snapshotReads(snapshot.node.path) : [];
    try {
      const response = await this.#deps.etcd.txn(this.#caller, { compare, success, failure });
      this.#isWritten = response.succeeded;
      return response;
    } catch (error) {
      if (isLeaseMissing(error) && lease !== undefined) this.#dropExpiredLease(error);
      else if (isDenial(error) && this.#canWriteMetadata) this.#canWriteMetadata = false;
      else throw error;
      return this.write(planned, snapshot);
    }
  }

  /** The ttl expired before the write reached etcd. In this case etcd writes nothing. */
  #dropExpiredLease(error: GatewayError): void {
    this.lease = undefined;
    if (++this.#expiredLeases >= EXPIRED_LEASES_MAX) throw expiredBeforeWrite(error);
  }

  /** Call it once, after the last request. Revokes the lease at once only if the write definitely did not happen. */
  settleLease(error: unknown): void {
    if (this.lease === undefined) return;
    if (this.#isWritten || outcomeOf(error) === 'unknown')
      revokeWhenExpired(this.#caller, this.#deps, this.lease);
    else revokeNodeLease(this.#caller, this.#deps, this.lease.lease);
  }
}

function isLeaseMissing(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'lease-not-found';
}

function toRecord(planned: PlannedChange, expiration: NodeLease | undefined): EventRecord {
  const { action, path, isDirectory, createdIndex, isRefresh, previous } = planned;
  return {
    action,
    path,
    isDirectory,
    createdIndex,
    expiration: expiration && { expiresAt: expiration.expiresAt, ttl: expiration.ttl },
    previous,
    isRefresh,
  };
}

async function toResult(
  caller: Caller,
  deps: WriteDeps,
  planned: PlannedChange,
  lease: NodeLease | undefined,
  { header, responses }: TxnResponse,
): Promise<V2Result> {
  const previousFile = previousFileIn(responses[0]);
  releaseKeyLease(caller, deps, previousFile?.lease ?? planned.detachedLease);
  const { action, path, isDirectory, isRefresh = false, expiresAt } = planned;
  if (isDirectory && expiresAt !== undefined)
    deps.directoryExpiry.schedule(caller.identity, path, expiresAt);
  const node: V2Node = {
    path,
    isDirectory,
    value: planned.value === 'kept' ? previousFile?.value : planned.value,
    expiration: expiresAt === undefined ? undefined : lease,
    modifiedIndex: header.revision,
    createdIndex: createdIndexOf(planned, previousFile) ?? header.revision,
  };
  const prevNode =
    previousFile === undefined
      ? planned.previous
      : await toFileNode(caller, deps, path, previousFile);
  return { event: { action, node, prevNode, isRefresh }, header };
}

function createdIndexOf(
  planned: PlannedChange,
  previousFile: KeyValue | undefined,
): number | undefined {
  // A directory that replaces a file is new.
  if (previousFile !== undefined && !planned.isDirectory) return previousFile.createRevision;
  return planned.createdIndex;
}

async function toFileNode(
  caller: Caller,
  deps: WriteDeps,
  path: string,
  kv: KeyValue,
): Promise<V2Node> {
  return fileNode(path, kv, await readExpirations(caller, deps, [kv.lease]));
}

function previousFileIn(response: ResponseOp | undefined): KeyValue | undefined {
  if (response?.kind === 'put') return response.put.prevKv;
  return response?.kind === 'deleteRange' ? response.deleteRange.prevKvs[0] : undefined;
}
