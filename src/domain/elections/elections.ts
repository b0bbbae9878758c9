// Elections, in the layout of etcd's own: the value of an entry is exactly the text of its candidate, so that `etcdctl elect` takes part.
// Does not guarantee that a leader that pauses longer than its ttl still leads; check the fencing token at the resource.
import type { Caller } from '../../core/caller.js';
import { GatewayError, outcomeOf } from '../../core/errors.js';
import { afterWrite, beforeWrite } from '../../etcd/calls/outcome.js';
import type { KeyValue } from '../../etcd/wire.js';
import { refusalFields, waitingHint } from '../contention/acquire-errors.js';
import { withAttemptTimeout } from '../contention/acquire-spec.js';
import type { ContentionDeps } from '../contention/acquire-spec.js';
import { Acquirer } from '../contention/acquirer.js';
import type { HeldEntry } from '../contention/acquirer.js';
import { releaseByToken } from '../contention/entry-cleanup.js';
import { readFirst, replaceValue } from '../contention/entry-transactions.js';
import type { QueueSnapshot } from '../contention/entry-transactions.js';
import { createEntryKeys, createLockResource, createToken } from '../contention/key.js';
import type { LockResource } from '../contention/key.js';
import { resolveLeasePolicy } from '../contention/lease-policy.js';
import { checkLockRequest } from '../contention/limits.js';
import type { LockLimits, WaiterLimiter } from '../contention/limits.js';
import { renewEntry } from '../contention/renewal.js';
import type { EntryRenewal } from '../contention/renewal.js';
import { toLeaderView } from './view.js';
import type { LeaderView } from './view.js';

export interface ElectionDeps extends ContentionDeps {
  /** The prefix of all election keys, such as `elections/`. */
  readonly electionPrefix: string;
  readonly lockLimits: LockLimits;
  readonly waiterLimiter: WaiterLimiter;
}

export interface CampaignRequest {
  readonly name: string;
  /** The leader's text, stored unchanged as the entry's value. */
  readonly candidate: string;
  /** Whole seconds. Excludes `lease`. */
  readonly ttlSeconds?: number | undefined;
  /** A lease of the client, to which the entry is attached. */
  readonly lease?: string | undefined;
  readonly token?: string | undefined;
}

/** `value` is the leader's current text. For a re-joined entry it can differ from the candidate of this request. */
export interface Leadership extends HeldEntry {
  readonly name: string;
  readonly token: string;
}

const HELD_RETRY_AFTER_SECONDS = 1;
const LEADER_SHOWN_CHARACTERS_MAX = 100;
/** Each attempt except the last one lost a race with another write of the same leader. */
const PROCLAIM_ATTEMPTS_MAX = 8;
/** Writes of one proclamation that may get no response. */
const UNCONFIRMED_WRITES_MAX = 3;

/**
 * Becomes leader within `waitSeconds` (0: tries once). A token that already has an entry re-joins it, even with another candidate: only
 * `proclaim` changes the value. Throws what `acquireLock` throws.
 */
export async function campaign(
  caller: Caller,
  deps: ElectionDeps,
  request: CampaignRequest,
  waitSeconds: number,
): Promise<Leadership> {
  checkLockRequest(deps.lockLimits, { ttlSeconds: request.ttlSeconds, waitSeconds });
  const { name, token = createToken() } = request;
  const resource = createLockResource(deps.electionPrefix, name, 'name');
  const acquirer = new Acquirer(caller, deps, {
    keys: createEntryKeys(resource, token, 'exclusive'),
    value: Buffer.from(request.candidate),
    leasePolicy: await resolveLeasePolicy(caller, deps.etcd, request, waitSeconds > 0),
    isTokenChosen: request.token !== undefined,
    waitMs: waitSeconds * 1000,
    isSameAcquisition: () => true,
    // The value has no room for the policy, so a repeated request states its own.
    requestedPolicyOf: () => undefined,
    createRefusal: (queue, waitedMs) => Promise.resolve(alreadyLed(resource, queue, waitedMs)),
  });
  const lead = async (): Promise<Leadership> => ({ ...(await acquirer.acquire()), name, token });
  return waitSeconds === 0 ? lead() : deps.waiterLimiter.run(`elections/${name}`, lead);
}

function alreadyLed(resource: LockResource, queue: QueueSnapshot, waitedMs: number): GatewayError {
  const leader = queue.first && toLeaderView(queue.first);
  return new GatewayError('lock-held', {
    detail:
      leader === undefined
        ? `${titleOf(resource)} has no leader yet`
        : `${titleOf(resource)} is led by ${nameOf(leader)}`,
    hint: waitingHint(waitedMs, 'pass wait to queue'),
    retryAfterSeconds: HELD_RETRY_AFTER_SECONDS,
    fields: { leader, ...refusalFields(queue, queue.count - 1, waitedMs) },
  });
}

/** Renews the lease of the leadership, even if it is a lease of the client. Throws `lock-expired`, or `not-holder` for a candidate that waits. */
export async function renewLeadership(
  caller: Caller,
  deps: ElectionDeps,
  request: {
    readonly name: string;
    readonly token: string;
    readonly fencingToken?: number | undefined;
  },
): Promise<EntryRenewal> {
  const { name, token, fencingToken } = request;
  const resource = createLockResource(deps.electionPrefix, name, 'name');
  return renewEntry(caller, deps.etcd, { resource, token, fencingToken });
}

/** Releases the token's leadership or candidacy. Throws `lock-not-found` if there is no leader, `not-holder` if another client leads. */
export async function resign(
  caller: Caller,
  deps: ElectionDeps,
  request: { readonly name: string; readonly token: string },
): Promise<void> {
  const resource = createLockResource(deps.electionPrefix, request.name, 'name');
  if (await releaseByToken(caller, deps.etcd, resource, request.token)) return;
  const leader = await beforeWrite(readFirst(caller, deps.etcd, resource));
  if (leader !== undefined) throw notLeader(resource, leader);
  throw new GatewayError('lock-not-found', { detail: `${titleOf(resource)} has no leader` });
}

export interface Proclamation {
  readonly name: string;
  readonly candidate: string;
  readonly fencingToken: number;
}

/**
 * Replaces the leader's text. The fencing token and the lease stay. Throws `not-holder` if the token does not lead, or no longer. Without a
 * response the outcome is `unknown` and the request may be repeated: a late copy never overwrites a newer text.
 */
export async function proclaim(
  caller: Caller,
  deps: ElectionDeps,
  request: { readonly name: string; readonly token: string; readonly candidate: string },
): Promise<Proclamation> {
  const { name, token, candidate } = request;
  const resource = createLockResource(deps.electionPrefix, name, 'name');
  const { own } = createEntryKeys(resource, token, 'exclusive');
  let unconfirmed = 0;
  for (let attempt = 1; attempt <= PROCLAIM_ATTEMPTS_MAX; attempt++) {
    const read = readFirst(caller, deps.etcd, resource);
    const leader = await (unconfirmed > 0 ? afterWrite(read) : beforeWrite(read));
    if (leader?.key.equals(own) !== true) throw notLeader(resource, leader);
    const { createRevision, modRevision } = leader;
    // The write compares the mod revision at which the key was read as the leader's. A leader leads until its key is deleted.
    const value = Buffer.from(candidate);
    try {
      const writer = withAttemptTimeout(caller, unconfirmed + 1);
      const result = await replaceValue(writer, deps.etcd, own, modRevision, value);
      if (result.kind === 'written') return { name, candidate, fencingToken: createRevision };
    } catch (error) {
      // The repetition changes the mod revision that a late copy compares.
      const isOver = performance.now() >= caller.deadline || caller.signal.aborted;
      if (outcomeOf(error) !== 'unknown' || isOver || ++unconfirmed >= UNCONFIRMED_WRITES_MAX)
        throw error;
    }
  }
  throw new GatewayError('etcd-unavailable', {
    detail: `${PROCLAIM_ATTEMPTS_MAX} attempts failed because other requests with this token changed the election`,
    outcome: unconfirmed > 0 ? 'unknown' : 'not-applied',
    retryAfterSeconds: HELD_RETRY_AFTER_SECONDS,
  });
}

function notLeader(resource: LockResource, leader: KeyValue | undefined): GatewayError {
  return new GatewayError('not-holder', {
    detail: `this token does not lead ${titleOf(resource)}`,
    ...(leader !== undefined && { fields: { leader: toLeaderView(leader) } }),
  });
}

function nameOf({ candidate, encoding }: LeaderView): string {
  if (encoding !== undefined || candidate === '') return 'another client of etcd';
  return candidate.slice(0, LEADER_SHOWN_CHARACTERS_MAX);
}

function titleOf(resource: LockResource): string {
  return `election ${JSON.stringify(resource.name)}`;
}
