// The etcd client: one typed method per RPC. Each call fails over between the endpoints.
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

/** Every method throws `GatewayError`. The errors of writes have an outcome. */
export interface EtcdClient {
  range(caller: Caller, request: RangeRequest): Promise<RangeResponse>;
  put(caller: Caller, request: PutRequest): Promise<PutResponse>;
  deleteRange(caller: Caller, request: DeleteRangeRequest): Promise<DeleteRangeResponse>;
  /** Repeated at another endpoint only if none of its branches writes. */
  txn(caller: Caller, request: TxnRequest): Promise<TxnResponse>;
  /** `lease`: 16 hex digits, chosen by the caller of this method and never used for a second grant. */
  leaseGrant(caller: Caller, lease: string, ttlSeconds: number): Promise<LeaseGrantResponse>;
  /** Revokes the lease and deletes its keys. Returns `false` if the lease does not exist. */
  leaseRevoke(caller: Caller, lease: string): Promise<boolean>;
  leaseKeepAlive(caller: Caller, lease: string): Promise<LeaseKeepAliveResponse>;
  leaseTimeToLive(
    caller: Caller,
    lease: string,
    withKeys: boolean,
  ): Promise<LeaseTimeToLiveResponse>;
  leaseLeases(caller: Caller): Promise<LeaseLeasesResponse>;
  /** Returns the roles of a user. Throws `permission-denied` for another user than the caller, unless the caller is root. */
  userRoles(caller: Caller, name: string): Promise<readonly string[]>;
  /** Throws `permission-denied` unless the caller is root. */
  userList(caller: Caller): Promise<void>;
  /** Compacts the history before `revision`. Throws `revision-compacted` if it is already compacted. */
  compact(caller: Caller, revision: number): Promise<void>;
  members(caller: Caller): Promise<MemberList>;
  /** Returns the members as the member at this endpoint has them. Needs no quorum; the list may be stale. */
  membersAt(caller: Caller, endpoint: string): Promise<MemberList>;
  /** Adds a voting member, which must be started afterwards. Throws `already-exists` for a peer URL of another member. */
  memberAdd(
    caller: Caller,
    peerUrls: readonly string[],
  ): Promise<{ header: ResponseHeader; member: Member }>;
  /** Both throw `not-found` for a member that does not exist. */
  memberUpdate(caller: Caller, id: string, peerUrls: readonly string[]): Promise<ResponseHeader>;
  memberRemove(caller: Caller, id: string): Promise<ResponseHeader>;
  alarms(caller: Caller): Promise<readonly Alarm[]>;
  /** Requests the status of every endpoint once. The result of an endpoint that does not respond is an error. */
  statuses(caller: Caller): Promise<readonly EndpointStatus[]>;
  /** Returns the version of the member that responds, as `status` returns its status. */
  version(caller: Caller): Promise<ServerVersion>;
  status(caller: Caller): Promise<StatusResponse>;
  /** Resolves when a member has read through a quorum. */
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
    decodeResponse(rpc, decode, await callEtcd(caller, deps, rpc, JSON.stringify(body)));
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
    userList: (caller) => callForSuccess(caller, deps, RPCS.userList),
    async compact(caller, revision) {
      await call(caller, RPCS.compact, { revision }, codec.decodeHeader);
    },
    members: (caller) => call(caller, RPCS.memberList, {}, codec.decodeMembers),
    ...endpointCalls(deps),
    ...memberChanges(call),
    alarms: (caller) => call(caller, RPCS.alarms, { action: 'GET' }, codec.decodeAlarms),
    version: async (caller) => codec.decodeVersion(await callEtcd(caller, deps, RPCS.version, '')),
    status: (caller) => call(caller, RPCS.status, {}, codec.decodeStatus),
    health: (caller) => callForSuccess(caller, deps, RPCS.health),
  };
}

/** Calls to given endpoints, without failover. */
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

/** Calls an RPC whose response body is not used. */
async function callForSuccess(caller: Caller, deps: FailoverDeps, rpc: Rpc): Promise<void> {
  await callEtcd(caller, deps, rpc, rpc.method === 'GET' ? '' : '{}');
}

export interface EndpointStatus {
  readonly endpoint: string;
  readonly status: StatusResponse | undefined;
  readonly error: GatewayError | undefined;
}

/** Makes one attempt at this endpoint. The response must come from the cluster of the other endpoints. */
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
    const response = await callEtcd(caller, onlyAt(deps, endpoint), RPCS.status, '{}');
    const status = codec.decodeStatus(response);
    return { endpoint, status, error: undefined };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { endpoint, status: undefined, error };
  }
}

type Decoder<T> = (json: Record<string, unknown>) => T;

// A server that responds to a write with 200 and an invalid body may have applied the write.
function decodeResponse<T>(rpc: Rpc, decode: Decoder<T>, json: Record<string, unknown>): T {
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
