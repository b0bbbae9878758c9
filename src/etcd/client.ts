// The etcd client: one typed method per RPC, over the failover list.
import type { Caller } from '../core/caller.js';
import { GatewayError } from '../core/errors.js';
import * as codec from './codec.js';
import { EndpointPool } from './endpoints/pool.js';
import { callEtcd } from './calls/failover.js';
import type { FailoverDeps } from './calls/failover.js';
import { RetryBudget } from './calls/retry-budget.js';
import { RPCS } from './rpc.js';
import { decimalId } from './json-values.js';
import type { Rpc } from './rpc.js';
import { UNKNOWN_HINT } from './status.js';
import type {
  Alarm,
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseTimeToLiveResponse,
  Member,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  ServerVersion,
  StatusResponse,
  TxnRequest,
  TxnResponse,
} from './wire.js';

/** Every method throws `GatewayError`; those that write tell an outcome in it. */
export interface EtcdClient {
  range(caller: Caller, request: RangeRequest): Promise<RangeResponse>;
  put(caller: Caller, request: PutRequest): Promise<PutResponse>;
  deleteRange(caller: Caller, request: DeleteRangeRequest): Promise<DeleteRangeResponse>;
  /** Repeatable over failover only when none of its branches writes. */
  txn(caller: Caller, request: TxnRequest): Promise<TxnResponse>;
  /** `lease` is chosen by the caller of this method (16 hex digits) and never used for a second grant. */
  leaseGrant(caller: Caller, lease: string, ttlSeconds: number): Promise<LeaseGrantResponse>;
  /** Ends the lease and deletes its keys. A lease that is gone already is no error: `false`. */
  leaseRevoke(caller: Caller, lease: string): Promise<boolean>;
  leaseKeepAlive(caller: Caller, lease: string): Promise<LeaseKeepAliveResponse>;
  leaseTimeToLive(
    caller: Caller,
    lease: string,
    withKeys: boolean,
  ): Promise<LeaseTimeToLiveResponse>;
  leaseLeases(caller: Caller): Promise<LeaseLeasesResponse>;
  /** Of the caller himself; throws `permission-denied` for any other user unless it is root who asks. */
  userRoles(caller: Caller, name: string): Promise<readonly string[]>;
  /** Throws `permission-denied` for everybody but root. */
  userList(caller: Caller): Promise<void>;
  /** Forgets everything before `revision`. Throws `revision-compacted` when that is so already. */
  compact(caller: Caller, revision: number): Promise<void>;
  members(caller: Caller): Promise<MemberList>;
  /** As the member at this endpoint has them, which needs no quorum and may be old. */
  membersAt(caller: Caller, endpoint: string): Promise<MemberList>;
  /** A voting member, which is to be started then. Throws `already-exists` for a peer URL that another member has. */
  memberAdd(
    caller: Caller,
    peerUrls: readonly string[],
  ): Promise<{ header: ResponseHeader; member: Member }>;
  /** Both throw `not-found` for a member that is not there (any more). */
  memberUpdate(caller: Caller, id: string, peerUrls: readonly string[]): Promise<ResponseHeader>;
  memberRemove(caller: Caller, id: string): Promise<ResponseHeader>;
  alarms(caller: Caller): Promise<readonly Alarm[]>;
  /** Asks every configured endpoint itself, once; an endpoint that does not answer has an error. */
  statuses(caller: Caller): Promise<readonly EndpointStatus[]>;
  /** Of the one member that answers, like `status`. */
  version(caller: Caller): Promise<ServerVersion>;
  status(caller: Caller): Promise<StatusResponse>;
  /** Resolves when the member that answers has read through a quorum. */
  health(caller: Caller): Promise<void>;
}

export interface MemberList {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}

const ONE_ATTEMPT = { attemptTimeoutMs: 2_000, searchMs: 0, attemptsMax: 1 };

export type EtcdClientDeps = Omit<FailoverDeps, 'budget'>;

export function createEtcdClient(clientDeps: EtcdClientDeps): EtcdClient {
  const deps: FailoverDeps = { ...clientDeps, budget: new RetryBudget() };
  const call = async <T>(caller: Caller, rpc: Rpc, body: object, decode: Decoder<T>): Promise<T> =>
    decodeAnswer(rpc, decode, await callEtcd(caller, deps, rpc, JSON.stringify(body)));
  return {
    range(caller, request) {
      const rpc = request.serializable === true ? RPCS.serializableRange : RPCS.range;
      return call(caller, rpc, codec.encodeRange(request), codec.decodeRange);
    },
    put: (caller, request) => call(caller, RPCS.put, codec.encodePut(request), codec.decodePut),
    deleteRange(caller, request) {
      return call(
        caller,
        RPCS.deleteRange,
        codec.encodeDeleteRange(request),
        codec.decodeDeleteRange,
      );
    },
    txn(caller, request) {
      const rpc = rpcOf(request);
      return call(caller, rpc, codec.encodeTxn(request), codec.decodeTxn);
    },
    leaseGrant(caller, lease, ttlSeconds) {
      const body = { ID: decimalId(lease), TTL: ttlSeconds };
      return call(caller, RPCS.leaseGrant, body, codec.decodeLeaseGrant);
    },
    async leaseRevoke(caller, lease) {
      try {
        await call(caller, RPCS.leaseRevoke, { ID: decimalId(lease) }, codec.decodeHeader);
        return true;
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'lease-not-found') return false;
        throw error;
      }
    },
    leaseKeepAlive(caller, lease) {
      const body = { ID: decimalId(lease) };
      return call(caller, RPCS.leaseKeepAlive, body, codec.decodeLeaseKeepAlive);
    },
    leaseTimeToLive(caller, lease, withKeys) {
      const body = { ID: decimalId(lease), keys: withKeys };
      return call(caller, RPCS.leaseTimeToLive, body, codec.decodeLeaseTimeToLive);
    },
    leaseLeases: (caller) => call(caller, RPCS.leaseLeases, {}, codec.decodeLeaseLeases),
    userRoles: (caller, name) => call(caller, RPCS.userGet, { name }, codec.decodeUserRoles),
    userList: (caller) => ask(caller, deps, RPCS.userList),
    async compact(caller, revision) {
      await call(caller, RPCS.compact, { revision }, codec.decodeHeader);
    },
    members: (caller) => call(caller, RPCS.memberList, {}, codec.decodeMembers),
    ...endpointCalls(deps),
    ...memberChanges(call),
    alarms: (caller) => call(caller, RPCS.alarms, { action: 'GET' }, codec.decodeAlarms),
    version: async (caller) => codec.decodeVersion(await callEtcd(caller, deps, RPCS.version, '')),
    status: (caller) => call(caller, RPCS.status, {}, codec.decodeStatus),
    health: (caller) => ask(caller, deps, RPCS.health),
  };
}

/** Calls to endpoints of the caller's choice. */
function endpointCalls(deps: FailoverDeps): Pick<EtcdClient, 'membersAt' | 'statuses'> {
  return {
    membersAt: async (caller, endpoint) =>
      codec.decodeMembers(
        await callEtcd(caller, onlyAt(deps, endpoint), RPCS.localMemberList, '{}'),
      ),
    statuses: (caller) =>
      Promise.all(deps.pool.all.map((endpoint) => statusOf(caller, deps, endpoint.url))),
  };
}

type Call = <T>(caller: Caller, rpc: Rpc, body: object, decode: Decoder<T>) => Promise<T>;

function memberChanges(
  call: Call,
): Pick<EtcdClient, 'memberAdd' | 'memberUpdate' | 'memberRemove'> {
  return {
    memberAdd: (caller, peerURLs) =>
      call(caller, RPCS.memberAdd, { peerURLs }, codec.decodeMemberAdd),
    memberUpdate(caller, id, peerURLs) {
      return call(caller, RPCS.memberUpdate, { ID: decimalId(id), peerURLs }, codec.decodeHeader);
    },
    memberRemove(caller, id) {
      return call(caller, RPCS.memberRemove, { ID: decimalId(id) }, codec.decodeHeader);
    },
  };
}

/** For an answer that says enough by being there. */
async function ask(caller: Caller, deps: FailoverDeps, rpc: Rpc): Promise<void> {
  await callEtcd(caller, deps, rpc, rpc.method === 'GET' ? '' : '{}');
}

export interface EndpointStatus {
  readonly endpoint: string;
  readonly status: StatusResponse | undefined;
  readonly error: GatewayError | undefined;
}

/** One attempt at this endpoint, whose answer must come from the cluster that the others belong to. */
function onlyAt(deps: FailoverDeps, url: string): FailoverDeps {
  const pool = new EndpointPool([url]);
  for (const endpoint of pool.all) pool.markVerified(endpoint, deps.pool.clusterId);
  return { ...deps, pool, limits: ONE_ATTEMPT };
}

async function statusOf(
  caller: Caller,
  deps: FailoverDeps,
  endpoint: string,
): Promise<EndpointStatus> {
  try {
    const answer = await callEtcd(caller, onlyAt(deps, endpoint), RPCS.status, '{}');
    const status = codec.decodeStatus(answer);
    return { endpoint, status, error: undefined };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { endpoint, status: undefined, error };
  }
}

type Decoder<T> = (json: Record<string, unknown>) => T;

// What answers 200 to a write and talks garbage may have applied it all the same.
function decodeAnswer<T>(rpc: Rpc, decode: Decoder<T>, json: Record<string, unknown>): T {
  try {
    return decode(json);
  } catch (error) {
    if (!rpc.isWrite || !(error instanceof GatewayError)) throw error;
    throw new GatewayError(error.code, {
      detail: error.message,
      outcome: 'unknown',
      hint: UNKNOWN_HINT,
    });
  }
}

function rpcOf(request: TxnRequest): Rpc {
  if (!isReadOnly(request)) return RPCS.txn;
  const isLocal = [...request.success, ...request.failure].every(
    (op) => op.kind === 'range' && op.range.serializable === true,
  );
  return isLocal ? RPCS.localTxn : RPCS.readOnlyTxn;
}

function isReadOnly({ compare, success, failure }: TxnRequest): boolean {
  const isRead = (op: RequestOp): boolean =>
    op.kind === 'range' || (op.kind === 'txn' && isReadOnly(op.txn));
  // Without a comparison the failure branch is never taken.
  return success.every(isRead) && (compare.length === 0 || failure.every(isRead));
}
