// Converts between the types in wire.ts and etcd's JSON, which has snake_case names, base64, int64 as strings and omits zero values.
// Only this file and watch/codec.ts, for the messages of watch streams, depend on that format.
import {
  asJson,
  base64,
  bytes,
  decimalId,
  invalidResponse,
  hexId,
  leaseId,
  list,
  safeInteger,
  strings,
} from './json-values.js';
import type { Json } from './json-values.js';
import type {
  Compare,
  CompareResult,
  DeleteRangeRequest,
  DeleteRangeResponse,
  Alarm,
  KeyValue,
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
  ResponseOp,
  ServerVersion,
  StatusResponse,
  TxnRequest,
  TxnResponse,
} from './wire.js';

// ---- requests

export function encodeRange(request: RangeRequest): Json {
  const { sort } = request;
  return {
    key: base64(request.key),
    range_end: request.rangeEnd && base64(request.rangeEnd),
    limit: request.limit,
    revision: request.revision,
    sort_target: sort?.target.toUpperCase(),
    sort_order: sort?.order.toUpperCase(),
    serializable: request.serializable,
    keys_only: request.keysOnly,
    count_only: request.countOnly,
    min_create_revision: request.minCreateRevision,
    max_create_revision: request.maxCreateRevision,
  };
}

export function encodePut(request: PutRequest): Json {
  return {
    key: base64(request.key),
    value: request.value && base64(request.value),
    lease: request.lease === undefined ? undefined : decimalId(request.lease),
    prev_kv: request.prevKv,
    ignore_value: request.ignoreValue,
    ignore_lease: request.ignoreLease,
  };
}

export function encodeDeleteRange(request: DeleteRangeRequest): Json {
  return {
    key: base64(request.key),
    range_end: request.rangeEnd && base64(request.rangeEnd),
    prev_kv: request.prevKv,
  };
}

const COMPARE_RESULTS: Record<CompareResult, string> = {
  '=': 'EQUAL',
  '!=': 'NOT_EQUAL',
  '<': 'LESS',
  '>': 'GREATER',
};

function encodeCompare(compare: Compare): Json {
  const { target } = compare;
  const common = {
    key: base64(compare.key),
    range_end: compare.rangeEnd && base64(compare.rangeEnd),
    result: COMPARE_RESULTS[compare.result],
    target: target.kind.toUpperCase(),
  };
  switch (target.kind) {
    case 'value':
      return { ...common, value: base64(target.value) };
    case 'lease':
      return { ...common, lease: decimalId(target.lease) };
    case 'version':
      return { ...common, version: target.number };
    case 'create':
      return { ...common, create_revision: target.number };
    case 'mod':
      return { ...common, mod_revision: target.number };
  }
}

export function encodeTxn(request: TxnRequest): Json {
  return {
    compare: request.compare.map(encodeCompare),
    success: request.success.map(encodeOp),
    failure: request.failure.map(encodeOp),
  };
}

function encodeOp(op: RequestOp): Json {
  switch (op.kind) {
    case 'range':
      return { request_range: encodeRange(op.range) };
    case 'put':
      return { request_put: encodePut(op.put) };
    case 'deleteRange':
      return { request_delete_range: encodeDeleteRange(op.deleteRange) };
    case 'txn':
      return { request_txn: encodeTxn(op.txn) };
  }
}

// ---- responses

export function decodeHeader(json: Json): ResponseHeader {
  const header = asJson(json.header);
  return {
    clusterId: hexId(header.cluster_id) ?? '',
    memberId: hexId(header.member_id) ?? '',
    revision: safeInteger(header.revision),
    raftTerm: safeInteger(header.raft_term),
  };
}

export function decodeKeyValue(json: Json): KeyValue {
  return {
    key: bytes(json.key),
    value: bytes(json.value),
    createRevision: safeInteger(json.create_revision),
    modRevision: safeInteger(json.mod_revision),
    version: safeInteger(json.version),
    lease: leaseId(json.lease),
  };
}

/** Returns the previous entry, if it was requested and existed. */
export function decodePrevKv(json: Json): KeyValue | undefined {
  return json.prev_kv === undefined ? undefined : decodeKeyValue(asJson(json.prev_kv));
}

export function decodeRange(json: Json): RangeResponse {
  return {
    header: decodeHeader(json),
    kvs: list(json.kvs).map(decodeKeyValue),
    more: json.more === true,
    count: safeInteger(json.count),
  };
}

export function decodePut(json: Json): PutResponse {
  return {
    header: decodeHeader(json),
    prevKv: decodePrevKv(json),
  };
}

export function decodeDeleteRange(json: Json): DeleteRangeResponse {
  return {
    header: decodeHeader(json),
    deleted: safeInteger(json.deleted),
    prevKvs: list(json.prev_kvs).map(decodeKeyValue),
  };
}

export function decodeTxn(json: Json): TxnResponse {
  return {
    header: decodeHeader(json),
    succeeded: json.succeeded === true,
    responses: list(json.responses).map(decodeOp),
  };
}

function decodeOp(json: Json): ResponseOp {
  if (json.response_range !== undefined) {
    return { kind: 'range', range: decodeRange(asJson(json.response_range)) };
  }
  if (json.response_put !== undefined) {
    return { kind: 'put', put: decodePut(asJson(json.response_put)) };
  }
  if (json.response_delete_range !== undefined) {
    return {
      kind: 'deleteRange',
      deleteRange: decodeDeleteRange(asJson(json.response_delete_range)),
    };
  }
  if (json.response_txn !== undefined) {
    return { kind: 'txn', txn: decodeTxn(asJson(json.response_txn)) };
  }
  throw invalidResponse('an operation of a transaction has a result of an unknown kind');
}

export function decodeLeaseGrant(json: Json): LeaseGrantResponse {
  return {
    header: decodeHeader(json),
    lease: leaseId(json.ID) ?? '',
    ttlSeconds: safeInteger(json.TTL),
  };
}

/** Decodes the single line with which etcd responds to a keepalive whose body is closed: `{"result": {...}}`. */
export function decodeLeaseKeepAlive(json: Json): LeaseKeepAliveResponse {
  const result = asJson(json.result);
  const ttlSeconds = safeInteger(result.TTL);
  return { header: decodeHeader(result), ttlSeconds: ttlSeconds > 0 ? ttlSeconds : undefined };
}

export function decodeLeaseTimeToLive(json: Json): LeaseTimeToLiveResponse {
  const ttlSeconds = safeInteger(json.TTL);
  return {
    header: decodeHeader(json),
    ttlSeconds: ttlSeconds < 0 ? undefined : ttlSeconds,
    grantedTtlSeconds: safeInteger(json.grantedTTL),
    keys: (Array.isArray(json.keys) ? json.keys : []).map(bytes),
  };
}

export function decodeLeaseLeases(json: Json): LeaseLeasesResponse {
  return {
    header: decodeHeader(json),
    leases: list(json.leases).flatMap((each) => leaseId(each.ID) ?? []),
  };
}

export function decodeUserRoles({ roles }: Json): string[] {
  return strings(roles);
}

export function decodeVersion(json: Json): ServerVersion {
  return {
    etcdserver: typeof json.etcdserver === 'string' ? json.etcdserver : '',
    etcdcluster: typeof json.etcdcluster === 'string' ? json.etcdcluster : '',
    ...(typeof json.storage === 'string' && { storage: json.storage }),
  };
}

export function decodeMembers(json: Json): { header: ResponseHeader; members: Member[] } {
  return { header: decodeHeader(json), members: list(json.members).map(decodeMember) };
}

export function decodeMemberAdd(json: Json): { header: ResponseHeader; member: Member } {
  return { header: decodeHeader(json), member: decodeMember(asJson(json.member)) };
}

function decodeMember(member: Json): Member {
  return {
    id: hexId(member.ID) ?? '',
    name: typeof member.name === 'string' ? member.name : '',
    peerUrls: strings(member.peerURLs),
    clientUrls: strings(member.clientURLs),
    isLearner: member.isLearner === true,
  };
}

export function decodeAlarms(json: Json): Alarm[] {
  return list(json.alarms).map((alarm) => ({
    memberId: hexId(alarm.memberID) ?? '',
    alarm: typeof alarm.alarm === 'string' ? alarm.alarm : 'NONE',
  }));
}

export function decodeStatus(json: Json): StatusResponse {
  return {
    header: decodeHeader(json),
    version: typeof json.version === 'string' ? json.version : '',
    dbSizeBytes: safeInteger(json.dbSize),
    dbSizeInUseBytes: safeInteger(json.dbSizeInUse),
    leader: hexId(json.leader),
    raftTerm: safeInteger(json.raftTerm),
    raftIndex: safeInteger(json.raftIndex),
    errors: strings(json.errors),
  };
}
