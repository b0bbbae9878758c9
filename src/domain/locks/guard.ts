// Guards: a write is applied only while a lock is held with a certain fencing token. The key of an exclusive holder is cached, so that a
// guarded write needs one request. The cache is only a hint: the write's own transaction compares that the entry exists and that no entry is
// older. After a restore of etcd from a backup the same entry may be a waiter again.
import type { Caller, Identity } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { createRevisionIs, nothingCreatedBefore } from '../../etcd/compare.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { Compare, KeyValue, RangeRequest, RequestOp, ResponseOp } from '../../etcd/wire.js';
import { createLockResource, modeOf, modeRanges } from '../contention/key.js';
import type { LockResource } from '../contention/key.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';

/** Above this the least recently used holder is removed, and its next guarded write reads the lock once more. */
const KNOWN_HOLDERS_MAX = 4_096;

export interface Guard {
  readonly lock: string;
  /** The create revision of the entry that must be a holder. */
  readonly fencingToken: number;
  /** The client's field with the lock's name, for errors: a JSON pointer or a query parameter. */
  readonly field: string;
}

/** The keys of entries that were read as holders, one cache for the gateway. */
export class KnownHolders {
  readonly #keys = new Map<string, Buffer>();
  readonly #sizeMax: number;

  constructor(sizeMax = KNOWN_HOLDERS_MAX) {
    this.#sizeMax = sizeMax;
  }

  get(identity: Identity, guard: Guard): Buffer | undefined {
    const name = nameOf(identity, guard);
    const key = this.#keys.get(name);
    if (key === undefined) return undefined;
    this.#keys.delete(name);
    this.#keys.set(name, key);
    return key;
  }

  add(identity: Identity, guard: Guard, key: Buffer): void {
    this.#keys.set(nameOf(identity, guard), key);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > this.#sizeMax && oldest !== undefined) this.#keys.delete(oldest);
  }

  /** For a reset of the store: the same entry may be a waiter there. */
  clear(): void {
    this.#keys.clear();
  }

  remove(identity: Identity, guard: Guard): void {
    this.#keys.delete(nameOf(identity, guard));
  }
}

function nameOf(identity: Identity, { lock, fencingToken }: Guard): string {
  return JSON.stringify([identity.key, lock, fencingToken]);
}

export interface GuardDeps {
  readonly etcd: EtcdClient;
  /** The prefix of all lock keys, such as `locks/`. */
  readonly lockPrefix: string;
  readonly knownHolders: KnownHolders;
}

/** A guard whose entry was read as a holder: the compares of the write's own transaction, and the check whether they made it fail. */
export interface ResolvedGuard {
  readonly compare: readonly Compare[];
  /** The first operation of the branch that runs if a compare failed. */
  readonly probe: RequestOp & { readonly kind: 'range' };
  /** Throws `lock-lost` if the result of `probe` shows that the entry is no longer a holder. */
  check(result: ResponseOp | undefined, revision: number): void;
  /** Returns the `lock-lost` error, for a transaction that compared nothing else. */
  createLockLost(revision: number): GatewayError;
}

/**
 * Checks that the guard's entry is a holder. Throws `lock-lost` if it is not, `invalid-request` for an impossible name. Does not guarantee
 * that it still holds when the write is applied; the compare does.
 */
export async function resolveGuard(
  caller: Caller,
  deps: GuardDeps,
  guard: Guard,
): Promise<ResolvedGuard> {
  const resource = createLockResource(deps.lockPrefix, guard.lock, guard.field);
  const cached = deps.knownHolders.get(caller.identity, guard);
  const key = cached ?? (await beforeWrite(findHolder(caller, deps, resource, guard)));
  const isExclusive = modeOf(resource, key) === 'exclusive';
  // etcd has no comparison for "no exclusive entry is older than a shared one", so a shared entry is read each time.
  if (cached === undefined && isExclusive) deps.knownHolders.add(caller.identity, guard, key);
  const { fencingToken } = guard;
  const createLockLost = (revision: number): GatewayError => {
    deps.knownHolders.remove(caller.identity, guard);
    return lockLost(guard, revision, 'it was released or expired');
  };
  const isOwn = createRevisionIs(key, fencingToken);
  return {
    compare: isExclusive ? [isOwn, nothingCreatedBefore(resource.range, fencingToken)] : [isOwn],
    probe: {
      kind: 'range',
      range: { ...(isExclusive ? oldestEntry(resource) : { key }), keysOnly: true },
    },
    createLockLost,
    check(result, revision) {
      if (firstKv(result)?.createRevision !== fencingToken) throw createLockLost(revision);
    },
  };
}

function oldestEntry({ range }: LockResource): RangeRequest {
  return { ...range, sort: { target: 'create', order: 'ascend' }, limit: 1 };
}

// Reads the entry and its older entries at one revision, never the whole queue.
async function findHolder(
  caller: Caller,
  deps: GuardDeps,
  resource: LockResource,
  guard: Guard,
): Promise<Buffer> {
  const { fencingToken } = guard;
  const earlier = { maxCreateRevision: fencingToken - 1 };
  const ranges: RangeRequest[] = [
    { ...resource.range, minCreateRevision: fencingToken, maxCreateRevision: fencingToken },
    ...modeRanges(resource, 'exclusive').map((range) => ({ ...range, ...earlier })),
    ...modeRanges(resource, 'shared').map((range) => ({ ...range, ...earlier })),
  ];
  const response = await deps.etcd.txn(caller, {
    compare: [],
    success: ranges.map((range) => ({
      kind: 'range',
      range: { ...range, keysOnly: true, limit: 1 },
    })),
    failure: [],
  });
  const { revision } = response.header;
  // Several entries that another client created in one transaction share a create revision: the first by key is ahead of the others.
  const [entry, ...older] = response.responses.map(firstKv);
  if (entry === undefined)
    throw lockLost(guard, revision, 'it was released, expired, or never acquired');
  const isBlocked = older.some(
    (blocker) =>
      blocker !== undefined &&
      (modeOf(resource, entry.key) === 'exclusive' ||
        modeOf(resource, blocker.key) === 'exclusive'),
  );
  if (isBlocked) throw lockLost(guard, revision, 'its entry still waits in the queue');
  return entry.key;
}

function lockLost({ lock, fencingToken }: Guard, revision: number, reason: string): GatewayError {
  return new GatewayError('lock-lost', {
    detail: `lock ${JSON.stringify(lock)} is not held with fencing token ${fencingToken}: ${reason}; nothing was written`,
    hint: 'acquire the lock again, and write with the new fencing token',
    headers: { 'Etcd-Revision': String(revision) },
  });
}

function firstKv(response: ResponseOp | undefined): KeyValue | undefined {
  return response?.kind === 'range' ? response.range.kvs[0] : undefined;
}
