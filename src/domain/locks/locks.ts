// Locks as users think of them, built on contention/. Not promised: that a holder who sleeps past his ttl still holds; guards or the
// fencing token at the resource are the cure.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { refusalFields, waitingHint } from '../contention/contender-errors.js';
import { Contender } from '../contention/contender.js';
import type { Held } from '../contention/contender.js';
import type { Contest, ContentionDeps } from '../contention/contest.js';
import { decodeLockValue, encodeLockValue, toEntry, wantedTenure } from '../contention/entry.js';
import type { LockValue } from '../contention/entry.js';
import { inspectQueue, readHolders } from '../contention/inspect.js';
import { createArena, createPlace, createToken } from '../contention/key.js';
import type { Arena, Mode } from '../contention/key.js';
import { endAll, endByToken } from '../contention/release.js';
import { renewEntry } from '../contention/renew-entry.js';
import type { Renewed } from '../contention/renew-entry.js';
import type { Surroundings } from '../contention/steps.js';
import { toHolder } from './view.js';
import { checkLockRequest } from '../contention/limits.js';
import type { LockLimits } from '../contention/limits.js';
import type { WaitingRoom } from '../contention/waiting-room.js';
import { beforeWrite } from '../../etcd/calls/outcome.js';
import { requireAdmin } from '../rights/denial.js';
import type { Counter } from '../counter.js';
import { tenureFor } from '../contention/tenure-request.js';
import type { TenureRequest } from '../contention/tenure-request.js';

export interface LockDeps extends ContentionDeps {
  /** Below which all locks live, such as `locks/`. */
  readonly lockPrefix: string;
  readonly lockLimits: LockLimits;
  readonly waitingRoom: WaitingRoom;
  /** Connections that hold a lock. */
  readonly holds: Counter;
}

export interface LockRequest extends TenureRequest {
  readonly name: string;
  readonly owner: string;
  readonly mode?: Mode | undefined;
  readonly token?: string | undefined;
  readonly metadata?: unknown;
  /** Through which door it came. */
  readonly door: string;
}

export interface Acquired extends Held {
  readonly name: string;
  readonly owner: string;
  readonly mode: Mode;
  readonly token: string;
  readonly metadata: unknown;
  /** The entry's. */
  readonly key: Buffer;
}

const HELD_RETRY_AFTER_SECONDS = 1;
const REFUSAL_READ_MS = 5_000;

/**
 * Acquires within `waitSeconds` (0: tries once). Throws `lock-held`, `already-exists` (the token is another acquisition's),
 * `lock-expired` (the entry ended while it waited), `lease-not-found`, `too-many-requests`, `shutting-down`, or an outcome.
 */
export async function acquireLock(
  caller: Caller,
  deps: LockDeps,
  request: LockRequest,
  waitSeconds: number,
): Promise<Acquired> {
  checkLockRequest(deps.lockLimits, { ...request, waitSeconds });
  const candidacy = await createCandidacy(caller, deps, request, waitSeconds * 1000);
  if (waitSeconds === 0) return candidacy.acquire();
  return deps.waitingRoom.hold(`locks/${request.name}`, () => candidacy.acquire());
}

/** One connection's attempt at a lock: `acquire`, and for a hold `leave` when its connection ends. */
export interface Candidacy {
  readonly arena: Arena;
  acquire(): Promise<Acquired>;
  leave(): Promise<void>;
}

/** Checks what is asked for, and asks nothing of the queue yet. Throws `invalid-request`, `permission-denied`, `lease-not-found`. */
export async function createCandidacy(
  caller: Caller,
  deps: LockDeps,
  request: LockRequest,
  waitMs: number,
  onWaiting?: (createRevision: number) => void,
): Promise<Candidacy> {
  const { name, owner, mode = 'exclusive', metadata, door } = request;
  const arena = createArena(deps.lockPrefix, name, 'name');
  const tenure = await tenureFor(caller, deps.etcd, request, waitMs > 0);
  const token = request.token ?? createToken();
  const place = createPlace(arena, token, mode);
  const contender = new Contender(caller, deps, {
    place,
    value: encodeLockValue(
      {
        owner,
        acquiredBy: `${door}:${caller.identity.name}`,
        ...(metadata !== undefined && { metadata }),
      },
      tenure,
    ),
    tenure,
    isTokenChosen: request.token !== undefined,
    waitMs,
    isSame: (entry) => decodeLockValue(entry.value)?.owner === owner,
    wantedBy(entry) {
      const value = decodeLockValue(entry.value);
      return value && wantedTenure(value);
    },
    refusal: (around, waitedMs) => lockHeld(caller, deps, arena, { owner, around, waitedMs }),
    onWaiting,
  } satisfies Contest);
  return {
    arena,
    acquire: async () => {
      const held = await contender.acquire();
      return {
        ...held,
        name,
        owner,
        mode,
        token,
        metadata: decodeLockValue(held.value)?.metadata,
        key: place.own,
      };
    },
    leave: () => contender.leave(),
  };
}

async function lockHeld(
  caller: Caller,
  deps: LockDeps,
  arena: Arena,
  refused: { owner: string; around: Surroundings; waitedMs: number },
): Promise<GatewayError> {
  const { owner, around, waitedMs } = refused;
  const first = around.first && toEntry(arena, around.first);
  // Behind one exclusive holder everything waits; shared holders have to be told from waiters.
  // The deadline of who waited may lie behind him; his answer is a refusal all the same.
  const reader =
    waitedMs > 0 ? { ...caller, deadline: performance.now() + REFUSAL_READ_MS } : caller;
  const queueLength =
    first?.mode === 'shared'
      ? (await inspectQueue(reader, deps.etcd, arena)).queueLength
      : around.count - 1;
  const holder = first && toHolder(first);
  const isOwn = holder?.owner === owner;
  return new GatewayError('lock-held', {
    detail: `lock ${JSON.stringify(arena.name)} is held by ${holder?.owner ?? 'another client of etcd'}`,
    hint: isOwn
      ? 'locks are not re-entrant: the same owner queues behind itself'
      : waitingHint(waitedMs, 'pass wait to queue'),
    retryAfterSeconds: HELD_RETRY_AFTER_SECONDS,
    fields: {
      holder,
      ...refusalFields(around, queueLength, waitedMs),
    },
  });
}

export interface RenewLockRequest {
  readonly name: string;
  readonly token: string;
  readonly fencingToken?: number | undefined;
}

/**
 * Renews what the token holds; of a lock on a caller's lease, that lease. Throws `lock-expired` for what is over, `not-holder` for who waits.
 * Not promised: that a renewal without an answer did nothing.
 */
export async function renewLock(
  caller: Caller,
  deps: LockDeps,
  request: RenewLockRequest,
): Promise<Renewed> {
  const arena = createArena(deps.lockPrefix, request.name, 'name');
  return renewEntry(caller, deps.etcd, {
    arena,
    token: request.token,
    fencingToken: request.fencingToken,
  });
}

export type ReleaseRequest =
  | { readonly name: string; readonly token: string }
  | { readonly name: string; readonly owner: string };

/** Ends the token's entry, held or queued, or all that the owner holds now. Throws `lock-not-found`, or `not-holder` when somebody else holds. */
export async function releaseLock(
  caller: Caller,
  deps: LockDeps,
  request: ReleaseRequest,
): Promise<void> {
  const arena = createArena(deps.lockPrefix, request.name, 'name');
  const isEnded =
    'token' in request
      ? await endByToken(caller, deps.etcd, arena, request.token)
      : await releaseByOwner(caller, deps, arena, request.owner);
  if (isEnded) return;
  const [holder] = await beforeWrite(readHolders(caller, deps.etcd, arena));
  if (holder === undefined) {
    throw new GatewayError('lock-not-found', {
      detail: `nobody holds lock ${JSON.stringify(request.name)}`,
    });
  }
  throw new GatewayError('not-holder', {
    detail: `lock ${JSON.stringify(request.name)} is held by somebody else`,
    fields: { holder: toHolder(holder) },
  });
}

/** Never ends waiters, and never an acquisition that came after the one read of the holders. */
async function releaseByOwner(
  caller: Caller,
  deps: LockDeps,
  arena: Arena,
  owner: string,
): Promise<boolean> {
  const holders = await beforeWrite(readHolders(caller, deps.etcd, arena));
  const own = holders.filter((holder) => decodeLockValue(holder.value)?.owner === owner);
  return endAll(caller, deps.etcd, own);
}

/** Ends the holders, whoever they are, and not the waiters. Gives what was ended; throws `lock-not-found` when nobody held, `permission-denied`. */
export async function breakLock(
  caller: Caller,
  deps: LockDeps,
  name: string,
): Promise<(LockValue | undefined)[]> {
  const arena = createArena(deps.lockPrefix, name, 'name');
  requireAdmin(caller.identity, 'break a lock by force');
  const holders = await beforeWrite(readHolders(caller, deps.etcd, arena));
  if (holders.length === 0) {
    throw new GatewayError('lock-not-found', {
      detail: `nobody holds lock ${JSON.stringify(name)}`,
    });
  }
  await endAll(caller, deps.etcd, holders);
  return holders.map((holder) => decodeLockValue(holder.value));
}
