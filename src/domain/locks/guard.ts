// Guards: a write that is applied only while a lock is held under a certain fencing token. The key of an exclusive entry is remembered, and a
// guarded write then costs one call. The memory is a hint only: the write's own transaction compares that the entry exists and that no entry
// is before it. After a restore of etcd from a backup the same entry may wait again. Not here: acquiring and releasing locks.
import type { Caller, Identity } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { createRevisionIs, nothingCreatedBefore } from '../../etcd/compare.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { Compare, KeyValue, RangeRequest, RequestOp, ResponseOp } from '../../etcd/wire.js';
import { createArena, modeOf, modeRanges } from '../contention/key.js';
import type { Arena } from '../contention/key.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';

/** Past this many the holder that was asked for longest ago is forgotten: his next guarded write reads once more. */
const HOLDERS_KNOWN_MAX = 4_096;

export interface Guard {
  readonly lock: string;
  /** The create revision of the entry that has to hold. */
  readonly fencingToken: number;
  /** What the caller called the lock's name, for errors: a JSON pointer or a query parameter. */
  readonly field: string;
}

/** The keys of entries that were seen to hold: the least recently used go first. One per gateway. */
export class KnownHolders {
  readonly #keys = new Map<string, Buffer>();
  readonly #sizeMax: number;

  constructor(sizeMax = HOLDERS_KNOWN_MAX) {
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

  /** For a store that was reset: the same entry may wait there again. */
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
  /** Below which all locks live, such as `locks/`. */
  readonly lockPrefix: string;
  readonly knownHolders: KnownHolders;
}

/** A guard that was seen to hold: what a write's own transaction compares, and how to see afterwards whether that was what failed. */
export interface ResolvedGuard {
  readonly compare: readonly Compare[];
  /** Belongs into the branch that runs when a compare failed, first of all. */
  readonly probe: RequestOp & { readonly kind: 'range' };
  /** Throws `lock-lost` when the probe's answer says that the entry is gone. */
  check(probed: ResponseOp | undefined, revision: number): void;
  /** The same without looking, when nothing else was compared. */
  lost(revision: number): GatewayError;
}

/**
 * Makes sure that the guard's entry exists and holds. Throws `lock-lost` when it does not, `invalid-request` for a name that no lock has.
 * Not promised: that it still holds when the write happens; that is what the compare is for.
 */
export async function resolveGuard(
  caller: Caller,
  deps: GuardDeps,
  guard: Guard,
): Promise<ResolvedGuard> {
  const arena = createArena(deps.lockPrefix, guard.lock, guard.field);
  const known = deps.knownHolders.get(caller.identity, guard);
  const key = known ?? (await beforeWrite(findHolder(caller, deps, arena, guard)));
  const isExclusive = modeOf(arena, key) === 'exclusive';
  // etcd has no comparison for "nothing exclusive is before a shared entry": that is read each time.
  if (known === undefined && isExclusive) deps.knownHolders.add(caller.identity, guard, key);
  const { fencingToken } = guard;
  const lost = (revision: number): GatewayError => {
    deps.knownHolders.remove(caller.identity, guard);
    return lockLost(guard, revision, 'is over');
  };
  const isOwn = createRevisionIs(key, fencingToken);
  return {
    compare: isExclusive ? [isOwn, nothingCreatedBefore(arena.range, fencingToken)] : [isOwn],
    probe: {
      kind: 'range',
      range: { ...(isExclusive ? firstOf(arena) : { key }), keysOnly: true },
    },
    lost,
    check(probed, revision) {
      if (firstKv(probed)?.createRevision !== fencingToken) throw lost(revision);
    },
  };
}

/** The oldest entry of the lock. */
function firstOf({ range }: Arena): RangeRequest {
  return { ...range, sort: { target: 'create', order: 'ascend' }, limit: 1 };
}

// One revision shows the entry and what stands before it; never the whole queue.
async function findHolder(
  caller: Caller,
  deps: GuardDeps,
  arena: Arena,
  guard: Guard,
): Promise<Buffer> {
  const { fencingToken } = guard;
  const earlier = { maxCreateRevision: fencingToken - 1 };
  const ranges: RangeRequest[] = [
    { ...arena.range, minCreateRevision: fencingToken, maxCreateRevision: fencingToken },
    ...modeRanges(arena, 'exclusive').map((range) => ({ ...range, ...earlier })),
    ...modeRanges(arena, 'shared').map((range) => ({ ...range, ...earlier })),
  ];
  const answer = await deps.etcd.txn(caller, {
    compare: [],
    success: ranges.map((range) => ({
      kind: 'range',
      range: { ...range, keysOnly: true, limit: 1 },
    })),
    failure: [],
  });
  const { revision } = answer.header;
  // Entries of one foreign transaction share a create revision: the first by key stands before the others.
  const [entry, ...before] = answer.responses.map(firstKv);
  if (entry === undefined) throw lockLost(guard, revision, 'is over, or never was');
  const isBlocked = before.some(
    (blocker) =>
      blocker !== undefined &&
      (modeOf(arena, entry.key) === 'exclusive' || modeOf(arena, blocker.key) === 'exclusive'),
  );
  if (isBlocked) throw lockLost(guard, revision, 'has not begun: it still waits in the queue');
  return entry.key;
}

function lockLost({ lock, fencingToken }: Guard, revision: number, state: string): GatewayError {
  return new GatewayError('lock-lost', {
    detail: `the holding of the lock ${JSON.stringify(lock)} with the fencing token ${fencingToken} ${state}; nothing was written`,
    hint: 'take the lock again, and write with the fencing token of that answer',
    headers: { 'Etcd-Revision': String(revision) },
  });
}

function firstKv(response: ResponseOp | undefined): KeyValue | undefined {
  return response?.kind === 'range' ? response.range.kvs[0] : undefined;
}
