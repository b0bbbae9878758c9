// The shapes of etcd's RPCs as the rest of the house sees them: camelCase, bytes as Buffers, revisions as checked numbers,
// lease, member and cluster IDs as lowercase hex strings. What travels on the wire is the business of codec.ts.

/** Every key in [key, rangeEnd); without `rangeEnd` the one key. A `rangeEnd` of one NUL byte means "to the end of the keyspace". */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer | undefined;
}

/** A range with an end: never one single key by accident. */
export interface Span extends KeyRange {
  readonly rangeEnd: Buffer;
}

export interface ResponseHeader {
  readonly clusterId: string;
  readonly memberId: string;
  /** The store's revision when the answer was made; on a linearizable read nothing newer was acknowledged before the read began. */
  readonly revision: number;
  readonly raftTerm: number;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Counts the writes since the key was created; 1 after the first. */
  readonly version: number;
  /** 16 hex digits; `undefined` without a lease. */
  readonly lease: string | undefined;
}

export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value';

export interface RangeRequest extends KeyRange {
  readonly limit?: number | undefined;
  /** Read the store as it was then; 410 when compacted. */
  readonly revision?: number | undefined;
  readonly sort?: { readonly target: SortTarget; readonly order: 'ascend' | 'descend' } | undefined;
  readonly serializable?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  readonly minCreateRevision?: number | undefined;
  readonly maxCreateRevision?: number | undefined;
}

export interface RangeResponse {
  readonly header: ResponseHeader;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  /** How many keys the whole range has, whatever `limit` says. */
  readonly count: number;
}

export interface PutRequest {
  readonly key: Buffer;
  readonly value?: Buffer | undefined;
  readonly lease?: string | undefined;
  readonly prevKv?: boolean | undefined;
  /** Keep the value that is there (an error when the key is missing). */
  readonly ignoreValue?: boolean | undefined;
  readonly ignoreLease?: boolean | undefined;
}

export interface PutResponse {
  readonly header: ResponseHeader;
  readonly prevKv: KeyValue | undefined;
}

export interface DeleteRangeRequest extends KeyRange {
  readonly prevKv?: boolean | undefined;
}

export interface DeleteRangeResponse {
  readonly header: ResponseHeader;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

export type CompareResult = '=' | '!=' | '<' | '>';

export type CompareTarget =
  | { readonly kind: 'version' | 'create' | 'mod'; readonly number: number }
  | { readonly kind: 'value'; readonly value: Buffer }
  | { readonly kind: 'lease'; readonly lease: string };

/** On a missing key (or an empty range) etcd compares with zeros; a `value` compare is then false whatever its result asks. */
export interface Compare extends KeyRange {
  readonly result: CompareResult;
  readonly target: CompareTarget;
}

export type RequestOp =
  | { readonly kind: 'range'; readonly range: RangeRequest }
  | { readonly kind: 'put'; readonly put: PutRequest }
  | { readonly kind: 'deleteRange'; readonly deleteRange: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly txn: TxnRequest };

/** Operations that we put into one branch: etcd takes 128 unless it is set up otherwise, and comparisons around them take places. */
export const OPERATIONS_TOGETHER_MAX = 100;

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export type ResponseOp =
  | { readonly kind: 'range'; readonly range: RangeResponse }
  | { readonly kind: 'put'; readonly put: PutResponse }
  | { readonly kind: 'deleteRange'; readonly deleteRange: DeleteRangeResponse }
  | { readonly kind: 'txn'; readonly txn: TxnResponse };

export interface TxnResponse {
  readonly header: ResponseHeader;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface LeaseGrantResponse {
  readonly header: ResponseHeader;
  readonly lease: string;
  /** Seconds; may be more than was asked (etcd has a minimum). */
  readonly ttlSeconds: number;
}

export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader;
  /** Seconds; `undefined` when the lease is gone (etcd answers 200 without a TTL then). */
  readonly ttlSeconds: number | undefined;
}

export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader;
  /** Seconds left; `undefined` when the lease is gone. */
  readonly ttlSeconds: number | undefined;
  readonly grantedTtlSeconds: number;
  readonly keys: readonly Buffer[];
}

export interface LeaseLeasesResponse {
  readonly header: ResponseHeader;
  /** 16 hex digits each, in no order that means anything. */
  readonly leases: readonly string[];
}

/** What `GET /version` tells; 3.6 and later also name their storage. */
export interface ServerVersion {
  readonly etcdserver: string;
  readonly etcdcluster: string;
  readonly storage?: string;
}

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface Alarm {
  readonly memberId: string;
  readonly alarm: string;
}

export interface StatusResponse {
  readonly header: ResponseHeader;
  readonly version: string;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  /** Member ID; `undefined` while there is no leader. */
  readonly leader: string | undefined;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly errors: readonly string[];
}

export interface WatchRequest extends KeyRange {
  /** The first revision whose events are wanted, a past or a future one; without it, all that come after the creation. */
  readonly startRevision?: number | undefined;
  /** The epoch (revision-monitor.ts) of `startRevision`: if it is over, the watch ends with `reset`. */
  readonly epoch?: number | undefined;
  readonly prevKv?: boolean | undefined;
  /** etcd tells every ten minutes (a setting of its own) how far an idle watch has come. */
  readonly progressNotify?: boolean | undefined;
  readonly noPut?: boolean | undefined;
  readonly noDelete?: boolean | undefined;
}

export interface WatchEvent {
  readonly kind: 'put' | 'delete';
  /** Of a deletion only `key` and `modRevision` mean something. */
  readonly kv: KeyValue;
  /** Only when asked for, and when that revision is not compacted. */
  readonly prevKv: KeyValue | undefined;
}

/** One message on a watch stream: the answer to a create or a cancel, events, or progress. */
export interface WatchResponse {
  /** `NO_WATCH` for what belongs to none: progress that was asked for, and creates that etcd refuses. */
  readonly watchId: number;
  /** Empty where etcd leaves it out. */
  readonly clusterId: string;
  /** The store's when the message was made; events up to it may still follow. 0 where etcd leaves it out. */
  readonly revision: number;
  readonly isCreated: boolean;
  readonly isCanceled: boolean;
  readonly cancelReason: string | undefined;
  /** The oldest revision that can still be watched, where that is why the watch ended. */
  readonly compactRevision: number | undefined;
  /** More pieces of this message follow, at once. */
  readonly isFragment: boolean;
  readonly events: readonly WatchEvent[];
}

export const NO_WATCH = -1;
