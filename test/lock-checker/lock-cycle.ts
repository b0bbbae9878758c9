// One random acquisition of one client: the request, a disturbance of the wait, the use of the lock, and its end.
// Clients keep the rules of the API: a token is not used again after its release.
import { pauseUnlessAborted } from '../harness/faults.js';
import { heldLockOf } from './lock-user.js';
import type { AcquireRequest, Attempt, HeldLock, LockUser } from './lock-user.js';
import { isDefinite } from './call.js';
import type { Call } from './call.js';
import type { Random } from '../harness/random.js';
import type { CheckSettings } from './settings.js';

const REPLICAS = 2;
const REPEATS_MAX = 4;
const RELEASE_ATTEMPTS_MAX = 6;
const REPEAT_PAUSE_MS = 150;

export interface LockCycleDeps {
  readonly user: LockUser;
  readonly lock: string;
  readonly isHot: boolean;
  readonly random: Random;
  readonly settings: CheckSettings;
  /** Returns a replica that runs, most of the time. */
  readonly pickReplica: (random: Random) => number;
  /** Aborted when the run is over. Clients that pause then stop. */
  readonly signal: AbortSignal;
  /** Records a token or an owner that may still hold a lock without a ttl. It is released at the end of the run. */
  recordLeftover(held: { lock: string; token: string } | { lock: string; owner: LockUser }): void;
}

type Disturbance =
  | 'none'
  | 'disconnect'
  | 'disconnect and re-join'
  | 'older disconnects'
  | 'newer disconnects'
  | 'try once';
type Leaving = 'release' | 'release by owner' | 'vanish' | 'oversleep' | 'stale';

interface Plan {
  readonly request: AcquireRequest;
  readonly isHold: boolean;
  readonly disturbance: Disturbance;
  readonly holdMs: number;
  readonly guardedWrites: number;
  readonly leaving: Leaving;
}

/** Weights of the disturbances of a wait, with a token that the client chose and with a generated one that it does not have yet. */
const CHOSEN: Record<Disturbance, number> = {
  none: 32,
  disconnect: 8,
  'disconnect and re-join': 16,
  'older disconnects': 22,
  'newer disconnects': 14,
  'try once': 8,
};
const UNKNOWN: Record<Disturbance, number> = {
  none: 85,
  disconnect: 15,
  'disconnect and re-join': 0,
  'older disconnects': 0,
  'newer disconnects': 0,
  'try once': 0,
};

export async function runLockCycle(deps: LockCycleDeps): Promise<void> {
  const plan = draw(deps);
  const replica = deps.pickReplica(deps.random);
  const attempt = await begin(deps, plan, replica);
  const call = await attempt.acquired;
  const final = await repeatUntilKnown(deps, plan, call);
  const held = heldLockOf(final);
  if (held === undefined) {
    recordUnknown(deps, plan, final);
    return;
  }
  const holding = final === call ? attempt : undefined;
  await use(deps, plan, held);
  await leave(deps, plan, held, holding);
}

function draw({ random, settings, lock, isHot }: LockCycleDeps): Plan {
  const kind = random.weighted({ try: 12, wait: 63, hold: 25 });
  const isChosen = random.chance(0.7);
  const isLong = random.chance(isHot ? 0.004 : 0.1);
  const hasTtl = kind === 'hold' || !random.chance(0.1);
  const maybePermanent = isChosen || settings.hasUnknownPermanents;
  const request: AcquireRequest = {
    lock,
    mode: random.chance(0.7) ? 'exclusive' : 'shared',
    ttlSeconds: hasTtl || !maybePermanent ? random.whole(settings.ttlSeconds) : null,
    waitMs: kind === 'try' ? 0 : Math.round(random.between(settings.waitMs)),
    token: isChosen ? random.token() : undefined,
  };
  const neverReleased = isHot ? 0.25 : 3;
  return {
    request,
    isHold: kind === 'hold',
    disturbance: kind === 'try' ? 'none' : random.weighted(isChosen ? CHOSEN : UNKNOWN),
    holdMs: random.between(isLong ? [1_000, 4_000] : [0, 40]),
    guardedWrites: random.weighted({ none: 60, one: 30, two: 10 }) === 'none' ? 0 : 1,
    leaving: random.weighted<Leaving>({
      release: 80,
      'release by owner': 10,
      stale: 4,
      vanish: request.ttlSeconds === null ? 0 : neverReleased,
      oversleep: request.ttlSeconds === null ? 0 : neverReleased,
    }),
  };
}

function open({ user }: LockCycleDeps, plan: Plan, replica: number): Attempt {
  return plan.isHold ? user.hold(replica, plan.request) : user.acquire(replica, plan.request);
}

/** Sends the request and disturbs the wait. Returns the attempt that counts from then on. */
async function begin(deps: LockCycleDeps, plan: Plan, replica: number): Promise<Attempt> {
  const { random, user } = deps;
  const first = open(deps, plan, replica);
  if (plan.disturbance === 'none') return first;
  const acquired = first.acquired.then(() => true);
  const isAcquired = await Promise.race([acquired, wait(deps, random.between([0, 1_500]))]);
  if (isAcquired) return first;
  const other = (replica + 1) % REPLICAS;
  switch (plan.disturbance) {
    case 'disconnect':
      first.cut();
      return first;
    case 'disconnect and re-join':
      first.cut();
      await wait(deps, random.between([0, 400]));
      return open(deps, plan, random.chance(0.8) ? other : replica);
    case 'try once': {
      await user.acquire(other, { ...plan.request, waitMs: 0 }).done;
      return first;
    }
    case 'older disconnects':
    case 'newer disconnects': {
      const isHold = plan.request.ttlSeconds !== null && random.chance(0.3);
      const second = open(deps, { ...plan, isHold }, other);
      await Promise.race([second.acquired, wait(deps, random.between([100, 1_500]))]);
      const [closed, kept] =
        plan.disturbance === 'older disconnects' ? [first, second] : [second, first];
      closed.cut();
      return kept;
    }
  }
}

/** A client that chose its token repeats a request with an unknown outcome. */
async function repeatUntilKnown(deps: LockCycleDeps, plan: Plan, first: Call): Promise<Call> {
  let call = first;
  for (let count = 0; count < REPEATS_MAX && isUnknown(call); count++) {
    if (plan.request.token === undefined) return call;
    await wait(deps, REPEAT_PAUSE_MS);
    call = await deps.user.acquire((call.replica + 1) % REPLICAS, plan.request).acquired;
  }
  return call;
}

function isUnknown(call: Call): boolean {
  if (call.acquiredAt !== undefined || call.ending === 'cut' || call.ending === 'overdue')
    return false;
  return call.ending === 'broken' || (call.status ?? 0) >= 500;
}

/** A lock without a ttl would stay held if its client never learned that it holds it. */
function recordUnknown(deps: LockCycleDeps, { request, disturbance }: Plan, call: Call): void {
  if (request.ttlSeconds !== null || (isDefinite(call) && disturbance === 'none')) return;
  deps.recordLeftover(
    request.token === undefined
      ? { lock: request.lock, owner: deps.user }
      : { lock: request.lock, token: request.token },
  );
}

async function use(deps: LockCycleDeps, plan: Plan, held: HeldLock): Promise<void> {
  const { random, user } = deps;
  for (let count = 0; count < plan.guardedWrites; count++)
    await user.guardedWrite(random.whole([0, 1]), held.lock, held.fencingToken);
  const renewEveryMs = ((plan.request.ttlSeconds ?? 10) * 1000) / 4;
  for (let leftMs = plan.holdMs; leftMs > 0 && !deps.signal.aborted; leftMs -= renewEveryMs) {
    await wait(deps, Math.min(leftMs, renewEveryMs));
    if (leftMs > renewEveryMs) await user.renew(random.whole([0, 1]), held);
  }
  if (random.chance(0.05)) await user.renew(random.whole([0, 1]), held);
  // A repeated request returns the same acquisition.
  if (plan.request.token !== undefined && random.chance(0.05))
    await user.acquire(random.whole([0, 1]), plan.request).done;
}

async function leave(
  deps: LockCycleDeps,
  plan: Plan,
  held: HeldLock,
  holding: Attempt | undefined,
): Promise<void> {
  const { random, user } = deps;
  if (plan.isHold && holding?.call.kind === 'hold' && random.chance(0.6)) {
    holding.cut();
    await holding.done;
    return;
  }
  switch (plan.leaving) {
    case 'vanish':
      break;
    case 'oversleep': {
      await wait(deps, ((plan.request.ttlSeconds ?? 0) + random.between([0, 2])) * 1000);
      const renewed = await user.renew(random.whole([0, 1]), held);
      if (renewed.status === 200) await release(deps, held);
      break;
    }
    case 'release by owner': {
      // A second acquisition of the same owner queues behind the first; a release by owner leaves it in the queue.
      const second = random.chance(0.5) ? queueBehind(deps, held) : undefined;
      if (second !== undefined) await wait(deps, random.between([50, 300]));
      await user.releaseByOwner(random.whole([0, 1]), held.lock);
      await release(deps, held);
      await endSecond(deps, second);
      break;
    }
    case 'release':
      await release(deps, held);
      break;
    case 'stale':
      await release(deps, held);
      await user.renew(random.whole([0, 1]), held);
      await user.guardedWrite(random.whole([0, 1]), held.lock, held.fencingToken);
      await wait(deps, random.between([0, 1_000]));
      await user.renew(random.whole([0, 1]), held);
  }
  holding?.cut();
  await holding?.done;
}

function queueBehind({ user, random, settings }: LockCycleDeps, { lock }: HeldLock): Attempt {
  const waitMs = random.whole(settings.waitMs);
  const ttlSeconds = random.whole(settings.ttlSeconds);
  const mode = random.pick(['exclusive', 'shared'] as const);
  const request: AcquireRequest = { lock, mode, ttlSeconds, waitMs, token: random.token() };
  return user.acquire(random.whole([0, 1]), request);
}

async function endSecond(deps: LockCycleDeps, second: Attempt | undefined): Promise<void> {
  const call = await second?.acquired;
  const held = call && heldLockOf(call);
  if (held !== undefined) await release(deps, held);
}

async function release(deps: LockCycleDeps, held: HeldLock): Promise<void> {
  const { user, random } = deps;
  for (let count = 0; count < RELEASE_ATTEMPTS_MAX; count++) {
    const call = await user.release(random.whole([0, 1]), held.lock, held.token);
    if (isDefinite(call)) return;
    await wait(deps, REPEAT_PAUSE_MS);
  }
  // Without a ttl the lock would stay held. With a ttl a second release does no harm.
  deps.recordLeftover(held);
}

async function wait({ signal }: LockCycleDeps, ms: number): Promise<false> {
  await pauseUnlessAborted(ms, signal);
  return false;
}
