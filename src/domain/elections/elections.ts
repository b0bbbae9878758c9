// Elections on the contention engine, in the layout of etcd's own: an entry's value is exactly what its candidate has to say, so that
// `etcdctl elect` takes part. Not promised: that a leader who sleeps past his ttl still leads; check the fencing token at the resource.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import type { KeyValue } from '../../etcd/wire.js';
import { Contender } from '../contention/contender.js';
import type { Held } from '../contention/contender.js';
import { refusalFields, waitingHint } from '../contention/contender-errors.js';
import type { ContentionDeps } from '../contention/contest.js';
import { createArena, createPlace, createToken } from '../contention/key.js';
import type { Arena } from '../contention/key.js';
import { impatient } from '../contention/patience.js';
import { endByToken } from '../contention/release.js';
import { renewEntry } from '../contention/renew-entry.js';
import type { Renewed } from '../contention/renew-entry.js';
import { readFirst, replaceValue } from '../contention/steps.js';
import type { Surroundings } from '../contention/steps.js';
import { toLeader } from './view.js';
import type { LeaderView } from './view.js';
import { checkLockRequest } from '../contention/limits.js';
import type { LockLimits } from '../contention/limits.js';
import type { WaitingRoom } from '../contention/waiting-room.js';
import { afterWrite, beforeWrite } from '../../etcd/calls/outcome.js';
import { tenureFor } from '../contention/tenure-request.js';

export interface ElectionDeps extends ContentionDeps {
  /** Below which all elections live, such as `elections/`. */
  readonly electionPrefix: string;
  readonly lockLimits: LockLimits;
  readonly waitingRoom: WaitingRoom;
}

export interface CampaignRequest {
  readonly name: string;
  /** What the leader has to say; becomes the entry's value as it is. */
  readonly candidate: string;
  /** Whole seconds. Not together with `lease`. */
  readonly ttlSeconds?: number | undefined;
  /** A lease of the caller's own to hang the entry on. */
  readonly lease?: string | undefined;
  readonly token?: string | undefined;
}

/** `value` is what the leader says by now: of a re-joined entry not always what this request's candidate says. */
export interface Leadership extends Held {
  readonly name: string;
  readonly token: string;
}

const HELD_RETRY_AFTER_SECONDS = 1;
const LEADER_SHOWN_CHARACTERS_MAX = 100;
/** Each attempt but the last lost against another write of the same leader's. */
const PROCLAIM_ATTEMPTS_MAX = 8;
/** Writes of one proclamation without a response. */
const UNANSWERED_MAX = 3;

/**
 * Leads within `waitSeconds` (0: tries once). A token that has an entry already joins it, whatever its candidate says: proclaiming
 * changes the value. Throws what `acquireLock` throws.
 */
export async function campaign(
  caller: Caller,
  deps: ElectionDeps,
  request: CampaignRequest,
  waitSeconds: number,
): Promise<Leadership> {
  checkLockRequest(deps.lockLimits, { ttlSeconds: request.ttlSeconds, waitSeconds });
  const { name, token = createToken() } = request;
  const arena = createArena(deps.electionPrefix, name, 'name');
  const contender = new Contender(caller, deps, {
    place: createPlace(arena, token, 'exclusive'),
    value: Buffer.from(request.candidate),
    tenure: await tenureFor(caller, deps.etcd, request, waitSeconds > 0),
    isTokenChosen: request.token !== undefined,
    waitMs: waitSeconds * 1000,
    isSame: () => true,
    // The value is the candidate's alone: a repeat says itself what it wants.
    wantedBy: () => undefined,
    refusal: (around, waitedMs) => Promise.resolve(ledByAnother(arena, around, waitedMs)),
  });
  const lead = async (): Promise<Leadership> => ({ ...(await contender.acquire()), name, token });
  return waitSeconds === 0 ? lead() : deps.waitingRoom.hold(`elections/${name}`, lead);
}

function ledByAnother(arena: Arena, around: Surroundings, waitedMs: number): GatewayError {
  const leader = around.first && toLeader(around.first);
  return new GatewayError('lock-held', {
    detail: `${titleOf(arena)} is led by ${leader === undefined ? 'nobody yet' : nameOf(leader)}`,
    hint: waitingHint(waitedMs, 'pass wait to stand by'),
    retryAfterSeconds: HELD_RETRY_AFTER_SECONDS,
    fields: { leader, ...refusalFields(around, around.count - 1, waitedMs) },
  });
}

/** Renews the leadership, or the caller's lease that it hangs on. Throws `lock-expired`, or `not-holder` for who stands by. */
export async function renewLeadership(
  caller: Caller,
  deps: ElectionDeps,
  request: {
    readonly name: string;
    readonly token: string;
    readonly fencingToken?: number | undefined;
  },
): Promise<Renewed> {
  const { name, token, fencingToken } = request;
  const arena = createArena(deps.electionPrefix, name, 'name');
  return renewEntry(caller, deps.etcd, { arena, token, fencingToken });
}

/** Ends the token's leadership or candidacy. Throws `lock-not-found` when nobody leads, `not-holder` when somebody else does. */
export async function resign(
  caller: Caller,
  deps: ElectionDeps,
  request: { readonly name: string; readonly token: string },
): Promise<void> {
  const arena = createArena(deps.electionPrefix, request.name, 'name');
  if (await endByToken(caller, deps.etcd, arena, request.token)) return;
  const leader = await beforeWrite(readFirst(caller, deps.etcd, arena));
  if (leader !== undefined) throw notLeader(arena, leader);
  throw new GatewayError('lock-not-found', { detail: `nobody leads ${titleOf(arena)}` });
}

export interface Proclamation {
  readonly name: string;
  readonly candidate: string;
  readonly fencingToken: number;
}

/**
 * Changes what the leader says; his place, fencing token and lease stay. Throws `not-holder` when the token does not lead (any more).
 * One whose answer is lost is `unknown`, and may be sent again: a late copy of it never overwrites what was proclaimed after it.
 */
export async function proclaim(
  caller: Caller,
  deps: ElectionDeps,
  request: { readonly name: string; readonly token: string; readonly candidate: string },
): Promise<Proclamation> {
  const { name, token, candidate } = request;
  const arena = createArena(deps.electionPrefix, name, 'name');
  const { own } = createPlace(arena, token, 'exclusive');
  let unanswered = 0;
  for (let attempt = 1; attempt <= PROCLAIM_ATTEMPTS_MAX; attempt++) {
    const read = readFirst(caller, deps.etcd, arena);
    const leader = await (unanswered > 0 ? afterWrite(read) : beforeWrite(read));
    if (leader?.key.equals(own) !== true) throw notLeader(arena, leader);
    const { createRevision, modRevision } = leader;
    // A leader leads until its key goes, and the write compares the version of the key that was seen leading.
    const value = Buffer.from(candidate);
    try {
      const writer = impatient(caller, unanswered + 1);
      const written = await replaceValue(writer, deps.etcd, own, modRevision, value);
      if (written.kind === 'done') return { name, candidate, fencingToken: createRevision };
    } catch (error) {
      // The repetition changes the version that a late copy compares.
      const isOver = performance.now() >= caller.deadline || caller.signal.aborted;
      if (outcomeOf(error) !== 'unknown' || isOver || ++unanswered >= UNANSWERED_MAX) throw error;
    }
  }
  throw new GatewayError('etcd-unavailable', {
    detail: 'other requests with this token were faster each time',
    outcome: unanswered > 0 ? 'unknown' : 'not-applied',
    retryAfterSeconds: HELD_RETRY_AFTER_SECONDS,
  });
}

function notLeader(arena: Arena, leader: KeyValue | undefined): GatewayError {
  return new GatewayError('not-holder', {
    detail: `this token does not lead ${titleOf(arena)}`,
    ...(leader !== undefined && { fields: { leader: toLeader(leader) } }),
  });
}

function nameOf({ candidate, encoding }: LeaderView): string {
  if (encoding !== undefined || candidate === '') return 'another client of etcd';
  return candidate.slice(0, LEADER_SHOWN_CHARACTERS_MAX);
}

function titleOf(arena: Arena): string {
  return `election ${JSON.stringify(arena.name)}`;
}
