// Locks: acquire, renew, release and break. Does not guarantee that a holder that pauses longer than its ttl still holds; guarded writes,
// or a check of the fencing token at the resource, protect against that.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import { refusalFields, waitingHint } from '../contention/acquire-errors.js';
import type { ContentionDeps } from '../contention/acquire-spec.js';
import { Acquirer } from '../contention/acquirer.js';
import type { HeldEntry } from '../contention/acquirer.js';
import { releaseByToken, releaseEntries } from '../contention/entry-cleanup.js';
import type { QueueSnapshot } from '../contention/entry-transactions.js';
import { createEntryKeys, createLockResource, createToken } from '../contention/key.js';
import type { LockMode, LockResource } from '../contention/key.js';
import { resolveLeasePolicy } from '../contention/lease-policy.js';
import type { LeasePolicyRequest } from '../contention/lease-policy.js';
import { checkLockRequest } from '../contention/limits.js';
import type { LockLimits, WaiterLimiter } from '../contention/limits.js';
import { inspectQueue, readHolders } from '../contention/queue-reads.js';
import { toEntry } from '../contention/queue.js';
import { renewEntry } from '../contention/renewal.js';
import type { EntryRenewal } from '../contention/renewal.js';
import { requireAdmin } from '../rights/denial.js';
import type { Counter } from '../counter.js';
import { decodeLockValue, encodeLockValue, requestedLeasePolicy } from './lock-value.js';
import type { LockValue } from './lock-value.js';
import { toHolderView } from './view.js';

export interface LockDeps extends ContentionDeps {
  /** The prefix of all lock keys, such as `locks/`. */
  readonly lockPrefix: string;
  readonly lockLimits: LockLimits;
  readonly waiterLimiter: WaiterLimiter;
  /** Connections that hold a lock. */
  readonly holds: Counter;
}

export interface LockRequest extends LeasePolicyRequest {
  readonly name: string;
  readonly owner: string;
  readonly mode?: LockMode | undefined;
  readonly token?: string | undefined;
  readonly metadata?: unknown;
  /** The API that received the request, such as `v1`. */
  readonly api: string;
}

export interface AcquiredLock extends HeldEntry {
  readonly name: string;
  readonly owner: string;
  readonly mode: LockMode;
  readonly token: string;
  readonly metadata: unknown;
  /** The key of the entry. */
  readonly key: Buffer;
}

const HELD_RETRY_AFTER_SECONDS = 1;
const REFUSAL_READ_MS = 5_000;

/**
 * Acquires within `waitSeconds` (0: tries once). Throws `lock-held`, `already-exists` (the token belongs to another acquisition),
 * `lock-expired` (the entry was lost while it waited), `lease-not-found`, `too-many-requests`, `shutting-down`, or an error with an outcome.
 */
export async function acquireLock(
  caller: Caller,
  deps: LockDeps,
  request: LockRequest,
  waitSeconds: number,
): Promise<AcquiredLock> {
  checkLockRequest(deps.lockLimits, { ...request, waitSeconds });
  const acquisition = await createAcquisition(caller, deps, request, waitSeconds * 1000);
  if (waitSeconds === 0) return acquisition.acquire();
  return deps.waiterLimiter.run(`locks/${request.name}`, () => acquisition.acquire());
}

/** One connection's acquisition of a lock. A hold abandons it when its connection ends. */
export interface Acquisition {
  readonly resource: LockResource;
  acquire(): Promise<AcquiredLock>;
  abandon(): Promise<void>;
}

/** Checks the request without reading the queue. Throws `invalid-request`, `permission-denied` or `lease-not-found`. */
export async function createAcquisition(
  caller: Caller,
  deps: LockDeps,
  request: LockRequest,
  waitMs: number,
  onWaiting?: (createRevision: number) => void,
): Promise<Acquisition> {
  const { name, owner, mode = 'exclusive', metadata, api } = request;
  const resource = createLockResource(deps.lockPrefix, name, 'name');
  const leasePolicy = await resolveLeasePolicy(caller, deps.etcd, request, waitMs > 0);
  const token = request.token ?? createToken();
  const keys = createEntryKeys(resource, token, mode);
  const value = {
    owner,
    acquiredBy: `${api}:${caller.identity.name}`,
    ...(metadata !== undefined && { metadata }),
  };
  const acquirer = new Acquirer(caller, deps, {
    keys,
    value: encodeLockValue(value, leasePolicy),
    leasePolicy,
    isTokenChosen: request.token !== undefined,
    waitMs,
    isSameAcquisition: (entry) => decodeLockValue(entry.value)?.owner === owner,
    requestedPolicyOf(entry) {
      const stored = decodeLockValue(entry.value);
      return stored && requestedLeasePolicy(stored);
    },
    createRefusal: (queue, waitedMs) => lockHeld(caller, deps, resource, owner, queue, waitedMs),
    onWaiting,
  });
  return {
    resource,
    acquire: async () => {
      const held = await acquirer.acquire();
      const stored = decodeLockValue(held.value);
      return { ...held, name, owner, mode, token, metadata: stored?.metadata, key: keys.own };
    },
    abandon: () => acquirer.abandon(),
  };
}

async function lockHeld(
  caller: Caller,
  deps: LockDeps,
  resource: LockResource,
  owner: string,
  queue: QueueSnapshot,
  waitedMs: number,
): Promise<GatewayError> {
  const first = queue.first && toEntry(resource, queue.first);
  // After a wait the client's deadline may have passed, but the response is still the refusal.
  const reader =
    waitedMs > 0 ? { ...caller, deadline: performance.now() + REFUSAL_READ_MS } : caller;
  // All entries after an exclusive holder wait. Shared holders can only be distinguished from waiters by reading the queue.
  const queueLength =
    first?.mode === 'shared'
      ? (await inspectQueue(reader, deps.etcd, resource)).queueLength
      : queue.count - 1;
  const holder = first && toHolderView(first);
  return new GatewayError('lock-held', {
    detail: `lock ${JSON.stringify(resource.name)} is held by ${holder?.owner ?? 'another client of etcd'}`,
    hint:
      holder?.owner === owner
        ? 'release the lock first: locks are not re-entrant, so the same owner queues behind itself'
        : waitingHint(waitedMs, 'pass wait to queue'),
    retryAfterSeconds: HELD_RETRY_AFTER_SECONDS,
    fields: { holder, ...refusalFields(queue, queueLength, waitedMs) },
  });
}

export interface RenewLockRequest {
  readonly name: string;
  readonly token: string;
  readonly fencingToken?: number | undefined;
}

/**
 * Renews the lease of the lock that the token holds, even if it is a lease of the client. Throws `lock-expired` if the token no longer has
 * an entry, `not-holder` for a waiter. Does not guarantee that a renewal without a response had no effect.
 */
export async function renewLock(
  caller: Caller,
  deps: LockDeps,
  { name, token, fencingToken }: RenewLockRequest,
): Promise<EntryRenewal> {
  const resource = createLockResource(deps.lockPrefix, name, 'name');
  return renewEntry(caller, deps.etcd, { resource, token, fencingToken });
}

export type ReleaseRequest =
  | { readonly name: string; readonly token: string }
  | { readonly name: string; readonly owner: string };

/**
 * Releases the entry of the token, held or queued, or all entries with which the owner holds the lock now. Throws `lock-not-found`, or
 * `not-holder` if another client holds the lock.
 */
export async function releaseLock(
  caller: Caller,
  deps: LockDeps,
  request: ReleaseRequest,
): Promise<void> {
  const resource = createLockResource(deps.lockPrefix, request.name, 'name');
  const isReleased =
    'token' in request
      ? await releaseByToken(caller, deps.etcd, resource, request.token)
      : await releaseByOwner(caller, deps, resource, request.owner);
  if (isReleased) return;
  const [holder] = await beforeWrite(readHolders(caller, deps.etcd, resource));
  if (holder === undefined) throw lockNotFound(request.name);
  throw new GatewayError('not-holder', {
    detail: `lock ${JSON.stringify(request.name)} is held by another client`,
    fields: { holder: toHolderView(holder) },
  });
}

/** Never releases waiters, nor entries created after the one read of the holders. */
async function releaseByOwner(
  caller: Caller,
  deps: LockDeps,
  resource: LockResource,
  owner: string,
): Promise<boolean> {
  const holders = await beforeWrite(readHolders(caller, deps.etcd, resource));
  const own = holders.filter((holder) => decodeLockValue(holder.value)?.owner === owner);
  return releaseEntries(caller, deps.etcd, own);
}

/**
 * Releases all holders, regardless of their owners, but no waiters. Returns the values of the released entries. Throws `lock-not-found` if the lock
 * is not held, or `permission-denied`.
 */
export async function breakLock(
  caller: Caller,
  deps: LockDeps,
  name: string,
): Promise<(LockValue | undefined)[]> {
  const resource = createLockResource(deps.lockPrefix, name, 'name');
  requireAdmin(caller.identity, 'break a lock by force');
  const holders = await beforeWrite(readHolders(caller, deps.etcd, resource));
  if (holders.length === 0) throw lockNotFound(name);
  await releaseEntries(caller, deps.etcd, holders);
  return holders.map((holder) => decodeLockValue(holder.value));
}

function lockNotFound(name: string): GatewayError {
  return new GatewayError('lock-not-found', {
    detail: `lock ${JSON.stringify(name)} is not held`,
  });
}
