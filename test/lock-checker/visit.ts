// One acquisition of one client from beginning to end, as chance wants it: how he asks, what disturbs him, what he does while he holds,
// how he leaves. What a client may not do is not done: a token is not used again once it is released.
import { unlessAborted } from '../harness/faults.js';
import { heldBy } from './lock-user.js';
import type { Ask, Attempt, Held, LockUser } from './lock-user.js';
import { isDefinite } from './call.js';
import type { Call } from './call.js';
import type { Random } from '../harness/random.js';
import type { CheckSettings } from './settings.js';

const REPLICAS = 2;
const REPEATS_MAX = 4;
const RELEASE_ATTEMPTS_MAX = 6;
const REPEAT_PAUSE_MS = 150;

export interface VisitDeps {
  readonly user: LockUser;
  readonly lock: string;
  readonly isHot: boolean;
  readonly random: Random;
  readonly settings: CheckSettings;
  /** One that runs, most of the time. */
  readonly pickReplica: (random: Random) => number;
  /** Aborted when the run is over: whoever dawdles then comes to an end. */
  readonly signal: AbortSignal;
  /** Tokens and owners that may have a holding without a ttl left: released in the end. */
  leftBehind(held: { lock: string; token: string } | { lock: string; owner: LockUser }): void;
}

type Disturbance =
  'none' | 'hang up' | 'cut and re-join' | 'older leaves' | 'newer leaves' | 'peek';
type Leaving = 'release' | 'release by owner' | 'vanish' | 'oversleep' | 'stale';

interface Plan {
  readonly ask: Ask;
  readonly isHold: boolean;
  readonly disturbance: Disturbance;
  readonly holdMs: number;
  readonly guardedWrites: number;
  readonly leaving: Leaving;
}

/** What may happen to a wait, with a token of the client's own and with one that he does not know yet. */
const CHOSEN: Record<Disturbance, number> = {
  none: 32,
  'hang up': 8,
  'cut and re-join': 16,
  'older leaves': 22,
  'newer leaves': 14,
  peek: 8,
};
const UNKNOWN: Record<Disturbance, number> = {
  none: 85,
  'hang up': 15,
  'cut and re-join': 0,
  'older leaves': 0,
  'newer leaves': 0,
  peek: 0,
};

export async function visit(deps: VisitDeps): Promise<void> {
  const plan = draw(deps);
  const replica = deps.pickReplica(deps.random);
  const attempt = await begin(deps, plan, replica);
  const call = await attempt.told;
  const final = await repeatUntilKnown(deps, plan, call);
  const held = heldBy(final);
  if (held === undefined) {
    noteUnknown(deps, plan, final);
    return;
  }
  const holding = final === call ? attempt : undefined;
  await use(deps, plan, held);
  await leave(deps, plan, held, holding);
}

function draw({ random, settings, lock, isHot }: VisitDeps): Plan {
  const kind = random.weighted({ try: 12, wait: 63, hold: 25 });
  const isChosen = random.chance(0.7);
  const isLong = random.chance(isHot ? 0.004 : 0.1);
  const hasTtl = kind === 'hold' || !random.chance(0.1);
  const maybePermanent = isChosen || settings.hasUnknownPermanents;
  const ask: Ask = {
    lock,
    mode: random.chance(0.7) ? 'exclusive' : 'shared',
    ttlSeconds: hasTtl || !maybePermanent ? random.whole(settings.ttlSeconds) : null,
    waitMs: kind === 'try' ? 0 : Math.round(random.between(settings.waitMs)),
    token: isChosen ? random.token() : undefined,
  };
  const dawdling = isHot ? 0.25 : 3;
  return {
    ask,
    isHold: kind === 'hold',
    disturbance: kind === 'try' ? 'none' : random.weighted(isChosen ? CHOSEN : UNKNOWN),
    holdMs: random.between(isLong ? [1_000, 4_000] : [0, 40]),
    guardedWrites: random.weighted({ none: 60, one: 30, two: 10 }) === 'none' ? 0 : 1,
    leaving: random.weighted<Leaving>({
      release: 80,
      'release by owner': 10,
      stale: 4,
      vanish: ask.ttlSeconds === null ? 0 : dawdling,
      oversleep: ask.ttlSeconds === null ? 0 : dawdling,
    }),
  };
}

function open({ user }: VisitDeps, plan: Plan, replica: number): Attempt {
  return plan.isHold ? user.hold(replica, plan.ask) : user.acquire(replica, plan.ask);
}

/** Asks, and disturbs the wait. Gives the attempt that counts from then on. */
async function begin(deps: VisitDeps, plan: Plan, replica: number): Promise<Attempt> {
  const { random, user } = deps;
  const first = open(deps, plan, replica);
  if (plan.disturbance === 'none') return first;
  const told = first.told.then(() => true);
  const isTold = await Promise.race([told, wait(deps, random.between([0, 1_500]))]);
  if (isTold) return first;
  const other = (replica + 1) % REPLICAS;
  switch (plan.disturbance) {
    case 'hang up':
      first.cut();
      return first;
    case 'cut and re-join':
      first.cut();
      await wait(deps, random.between([0, 400]));
      return open(deps, plan, random.chance(0.8) ? other : replica);
    case 'peek': {
      await user.acquire(other, { ...plan.ask, waitMs: 0 }).done;
      return first;
    }
    case 'older leaves':
    case 'newer leaves': {
      const isHold = plan.ask.ttlSeconds !== null && random.chance(0.3);
      const second = open(deps, { ...plan, isHold }, other);
      await Promise.race([second.told, wait(deps, random.between([100, 1_500]))]);
      const [leaver, stayer] =
        plan.disturbance === 'older leaves' ? [first, second] : [second, first];
      leaver.cut();
      return stayer;
    }
  }
}

/** A caller who chose his token asks again when he does not know what became of his call. */
async function repeatUntilKnown(deps: VisitDeps, plan: Plan, first: Call): Promise<Call> {
  let call = first;
  for (let count = 0; count < REPEATS_MAX && isUnknown(call); count++) {
    if (plan.ask.token === undefined) return call;
    await wait(deps, REPEAT_PAUSE_MS);
    call = await deps.user.acquire((call.replica + 1) % REPLICAS, plan.ask).told;
  }
  return call;
}

function isUnknown(call: Call): boolean {
  if (call.toldAt !== undefined || call.ending === 'cut' || call.ending === 'overdue') return false;
  return call.ending === 'broken' || (call.status ?? 0) >= 500;
}

/** What is held without a ttl and without anybody's knowing would stay. */
function noteUnknown(deps: VisitDeps, { ask, disturbance }: Plan, call: Call): void {
  if (ask.ttlSeconds !== null || (isDefinite(call) && disturbance === 'none')) return;
  deps.leftBehind(
    ask.token === undefined
      ? { lock: ask.lock, owner: deps.user }
      : { lock: ask.lock, token: ask.token },
  );
}

async function use(deps: VisitDeps, plan: Plan, held: Held): Promise<void> {
  const { random, user } = deps;
  for (let count = 0; count < plan.guardedWrites; count++)
    await user.guardedWrite(random.whole([0, 1]), held.lock, held.fencingToken);
  const renewEveryMs = ((plan.ask.ttlSeconds ?? 10) * 1000) / 4;
  for (let leftMs = plan.holdMs; leftMs > 0 && !deps.signal.aborted; leftMs -= renewEveryMs) {
    await wait(deps, Math.min(leftMs, renewEveryMs));
    if (leftMs > renewEveryMs) await user.renew(random.whole([0, 1]), held);
  }
  if (random.chance(0.05)) await user.renew(random.whole([0, 1]), held);
  // The same request again finds the same holding.
  if (plan.ask.token !== undefined && random.chance(0.05))
    await user.acquire(random.whole([0, 1]), plan.ask).done;
}

async function leave(
  deps: VisitDeps,
  plan: Plan,
  held: Held,
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
      await wait(deps, ((plan.ask.ttlSeconds ?? 0) + random.between([0, 2])) * 1000);
      const renewed = await user.renew(random.whole([0, 1]), held);
      if (renewed.status === 200) await release(deps, held);
      break;
    }
    case 'release by owner': {
      // A second acquisition of the same owner queues behind the first; a release by owner leaves it in the queue.
      const second = random.chance(0.5) ? behind(deps, held) : undefined;
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

function behind({ user, random, settings }: VisitDeps, { lock }: Held): Attempt {
  const waitMs = random.whole(settings.waitMs);
  const ttlSeconds = random.whole(settings.ttlSeconds);
  const mode = random.pick(['exclusive', 'shared'] as const);
  const ask: Ask = { lock, mode, ttlSeconds, waitMs, token: random.token() };
  return user.acquire(random.whole([0, 1]), ask);
}

async function endSecond(deps: VisitDeps, second: Attempt | undefined): Promise<void> {
  const call = await second?.told;
  const held = call && heldBy(call);
  if (held !== undefined) await release(deps, held);
}

async function release(deps: VisitDeps, held: Held): Promise<void> {
  const { user, random } = deps;
  for (let count = 0; count < RELEASE_ATTEMPTS_MAX; count++) {
    const call = await user.release(random.whole([0, 1]), held.lock, held.token);
    if (isDefinite(call)) return;
    await wait(deps, REPEAT_PAUSE_MS);
  }
  // Without a ttl it would stay; with one, it does no harm to ask again.
  deps.leftBehind(held);
}

async function wait({ signal }: VisitDeps, ms: number): Promise<false> {
  await unlessAborted(ms, signal);
  return false;
}
