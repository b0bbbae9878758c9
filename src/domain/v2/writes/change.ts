// Every change of the tree is one transaction: decided on what was read, applied only if that still stands, else read and decided again.
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from '../../../core/caller.js';
import { GatewayError, outcomeOf } from '../../../core/errors.js';
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
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import { chainOf, isDenial, overIn, readChain, readsOf } from '../tree/path-snapshot.js';
import type { Chain, ChainDeps } from '../tree/path-snapshot.js';
import type { DirectoryEnds } from '../expiry/directory-expiry.js';
import { v2Error } from '../errors.js';
import { endDirectory } from '../expiry/expire-directory.js';
import { endNodeLease, grantNodeLease, readLifetimes, revokeInTime } from '../expiry/node-lease.js';
import type { LifetimeDeps, NodeLease } from '../expiry/node-lease.js';
import { fileNode } from '../tree/node.js';
import type { V2Action, V2Event, V2Node } from '../tree/node.js';
import { putRecord } from '../history/event-record.js';
import type { ChangeRecord } from '../history/event-record.js';

/** Rounds that a change may lose against others before it gives up. */
const ROUNDS_MAX = 200;
const PAUSE_FROM_ROUND = 3;
const PAUSE_MAX_MS = 20;
/** Leases of one change that expire before the write reaches etcd. */
const EXPIRED_LEASES_MAX = 3;

export interface ChangeDeps extends ChainDeps, LifetimeDeps {
  readonly reserved: ReservedKeys;
  readonly ends: DirectoryEnds;
}

/** What one transaction is to do, and what its caller and watchers are told of it. */
export interface Change {
  readonly action: V2Action;
  readonly path: string;
  readonly isDirectory: boolean;
  /** Of the file that there is afterwards; `kept`: whatever it was. */
  readonly value?: Buffer | 'kept' | undefined;
  /** Milliseconds; absent = no ttl. */
  readonly expiresAt?: number | undefined;
  readonly compare: readonly Compare[];
  /** The first one tells with its `prevKv` what the file was. */
  readonly operations: (lease: NodeLease | undefined) => RequestOp[];
  /** What goes with the record, and is left out where that may not be written. */
  readonly ours?: ((lease: NodeLease | undefined) => RequestOp[]) | undefined;
  /** The directory that was there. */
  readonly previous?: V2Node | undefined;
  /** Of a directory that stays. */
  readonly createdIndex?: number | undefined;
  readonly isRefresh?: boolean;
  /** The lease that nothing hangs on afterwards, where it is known before. */
  readonly freedLease?: string | undefined;
}

export interface Changed {
  readonly event: V2Event;
  readonly header: ResponseHeader;
}

/** Decides what to do with a path as it stands. Throws v2 errors. */
export type Decide = (chain: Chain) => Change | Promise<Change>;

/** Throws v2 errors of `decide`; `etcd-unavailable` and its kin with an outcome. */
export async function change(
  caller: Caller,
  deps: ChangeDeps,
  path: string,
  decide: Decide,
): Promise<Changed> {
  const leases = new LeaseOfChange(caller, deps);
  let failure: unknown;
  try {
    let chain: Chain | undefined;
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      if (round > PAUSE_FROM_ROUND) await pause(Math.random() * PAUSE_MAX_MS);
      chain ??= await beforeWrite(readChain(caller, deps, path));
      const over = overIn(chain);
      if (over !== undefined) {
        await endDirectory(caller, deps, over.path);
        chain = undefined;
        continue;
      }
      const decided = await decide(chain);
      const answer = await leases.write(decided, chain);
      if (answer.succeeded) return await toChanged(caller, deps, decided, leases.granted, answer);
      chain = chain.ancestors.some((place) => place.isDenied)
        ? undefined
        : chainOf(path, answer.header, answer.responses);
    }
    throw v2Error('raftInternal', `${ROUNDS_MAX} other changes came first`);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    leases.settle(failure);
  }
}

/** One change in all its rounds: at most one lease, and with the record as long as the caller may write it. */
class LeaseOfChange {
  readonly #caller: Caller;
  readonly #deps: ChangeDeps;
  #mayRecord = true;
  #isWritten = false;
  #expired = 0;
  granted: NodeLease | undefined;

  constructor(caller: Caller, deps: ChangeDeps) {
    this.#caller = caller;
    this.#deps = deps;
  }

  async write(decided: Change, chain: Chain): Promise<TxnResponse> {
    const { expiresAt } = decided;
    if (expiresAt !== undefined)
      this.granted ??= await grantNodeLease(this.#caller, this.#deps, expiresAt, Date.now());
    const lease = expiresAt === undefined ? undefined : this.granted;
    const operations = decided.operations(lease);
    const isWhole = chain.ancestors.every((place) => !place.isDenied);
    const request = {
      compare: decided.compare,
      failure: isWhole ? readsOf(chain.node.path) : [],
    };
    try {
      const record = putRecord(recordOf(decided, lease));
      const ours = this.#mayRecord ? [record, ...(decided.ours?.(lease) ?? [])] : [];
      const success = [...operations, ...ours];
      const answer = await this.#deps.etcd.txn(this.#caller, { ...request, success });
      this.#isWritten = answer.succeeded;
      return answer;
    } catch (error) {
      if (isExpired(error) && lease !== undefined) this.#dropExpired(error);
      else if (isDenial(error) && this.#mayRecord) this.#mayRecord = false;
      else throw error;
      return this.write(decided, chain);
    }
  }

  /** The ttl was over before the write reached etcd, which then writes nothing. */
  #dropExpired(error: GatewayError): void {
    this.granted = undefined;
    if (++this.#expired >= EXPIRED_LEASES_MAX) throw expiredBeforeWrite(error);
  }

  /** Call it once, when nothing more is sent. Undoes only what certainly did not happen. */
  settle(error: unknown): void {
    if (this.granted === undefined) return;
    if (this.#isWritten || outcomeOf(error) === 'unknown')
      revokeInTime(this.#caller, this.#deps, this.granted);
    else endNodeLease(this.#caller, this.#deps, this.granted.lease);
  }
}

function isExpired(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'lease-not-found';
}

function recordOf(decided: Change, lifetime: NodeLease | undefined): ChangeRecord {
  const { action, path, isDirectory, createdIndex, isRefresh, previous } = decided;
  return {
    action,
    path,
    isDirectory,
    createdIndex,
    lifetime: lifetime && { expiresAt: lifetime.expiresAt, ttl: lifetime.ttl },
    previous,
    isRefresh,
  };
}

async function toChanged(
  caller: Caller,
  deps: ChangeDeps,
  decided: Change,
  lifetime: NodeLease | undefined,
  { header, responses }: TxnResponse,
): Promise<Changed> {
  const before = previousFile(responses[0]);
  releaseKeyLease(caller, deps, before?.lease ?? decided.freedLease);
  const { action, path, isDirectory, isRefresh = false, expiresAt } = decided;
  if (isDirectory && expiresAt !== undefined) deps.ends.expect(caller.identity, path, expiresAt);
  const node: V2Node = {
    path,
    isDirectory,
    value: decided.value === 'kept' ? before?.value : decided.value,
    lifetime: expiresAt === undefined ? undefined : lifetime,
    modifiedIndex: header.revision,
    createdIndex: createdIndexOf(decided, before) ?? header.revision,
  };
  const prevNode =
    before === undefined ? decided.previous : await toNode(caller, deps, path, before);
  return { event: { action, node, prevNode, isRefresh }, header };
}

function createdIndexOf(decided: Change, before: KeyValue | undefined): number | undefined {
  // A directory in the place of a file is new.
  if (before !== undefined && !decided.isDirectory) return before.createRevision;
  return decided.createdIndex;
}

async function toNode(
  caller: Caller,
  deps: ChangeDeps,
  path: string,
  kv: KeyValue,
): Promise<V2Node> {
  return fileNode(path, kv, await readLifetimes(caller, deps, [kv.lease]));
}

function previousFile(response: ResponseOp | undefined): KeyValue | undefined {
  if (response?.kind === 'put') return response.put.prevKv;
  return response?.kind === 'deleteRange' ? response.deleteRange.prevKvs[0] : undefined;
}
