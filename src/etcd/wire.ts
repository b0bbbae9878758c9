// The types of etcd's RPCs for the rest of the code base: camelCase, bytes as Buffers, revisions as checked numbers, and IDs of leases,
// members and clusters as lowercase hex strings. codec.ts converts them to and from the JSON of etcd.

/** Every key in [key, rangeEnd); without `rangeEnd` only `key`. A `rangeEnd` of one NUL byte means "to the end of the keyspace". */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer | undefined;
}

/** A range with an end, so it is never a single key by accident. */
export interface Span extends KeyRange {
  readonly rangeEnd: Buffer;
}

export interface ResponseHeader {
  readonly clusterId: string;
  readonly memberId: string;
  /** The store's revision when the response was created. A linearizable read includes every write acknowledged before it began. */
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
  /** Reads the store at this revision; 410 if it is compacted. */
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
  /** The number of keys in the whole range, regardless of `limit`. */
  readonly count: number;
}

export interface PutRequest {
  readonly key: Buffer;
  readonly value?: Buffer | undefined;
  readonly lease?: string | undefined;
  readonly prevKv?: boolean | undefined;
  /** Keeps the current value. An error if the key does not exist. */
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

/** For a missing key or an empty range etcd compares with zeros. A `value` comparison is then false for every `result`. */
export interface Compare extends KeyRange {
  readonly result: CompareResult;
  readonly target: CompareTarget;
}

export type RequestOp =
  | { readonly kind: 'range'; readonly range: RangeRequest }
  | { readonly kind: 'put'; readonly put: PutRequest }
  | { readonly kind: 'deleteRange'; readonly deleteRange: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly txn: TxnRequest };

/** Operations that the gateway puts into one branch. etcd accepts 128 by default, and comparisons around them count too. */
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
  /** Seconds; may be more than requested, because etcd has a minimum. */
  readonly ttlSeconds: number;
}

export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader;
  /** Seconds; `undefined` if the lease does not exist: etcd then returns 200 without a TTL. */
  readonly ttlSeconds: number | undefined;
}

export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader;
  /** Seconds left; `undefined` if the lease does not exist. */
  readonly ttlSeconds: number | undefined;
  readonly grantedTtlSeconds: number;
  readonly keys: readonly Buffer[];
}

export interface LeaseLeasesResponse {
  readonly header: ResponseHeader;
  /** 16 hex digits each, in no particular order. */
  readonly leases: readonly string[];
}

/** The body of `GET /version`; 3.6 and later also report the storage version. */
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
  /** The first revision to watch, past or future; by default the watch starts when it is created. */
  readonly startRevision?: number | undefined;
  /** The epoch (revision-monitor.ts) of `startRevision`: if that epoch has ended, the watch ends with `reset`. */
  readonly epoch?: number | undefined;
  readonly prevKv?: boolean | undefined;
  /** etcd reports the progress of an idle watch every ten minutes by default. */
  readonly progressNotify?: boolean | undefined;
  readonly noPut?: boolean | undefined;
  readonly noDelete?: boolean | undefined;
}

export interface WatchEvent {
  readonly kind: 'put' | 'delete';
  /** A deletion has only a valid `key` and `modRevision`. */
  readonly kv: KeyValue;
  /** Present only if requested and not compacted. */
  readonly prevKv: KeyValue | undefined;
}

/** One message on a watch stream: the response to a create or a cancel, events, or progress. */
export interface WatchResponse {
  /** `NO_WATCH` in messages without a watch: requested progress, and creates that etcd rejects. */
  readonly watchId: number;
  /** Empty if etcd omits it. */
  readonly clusterId: string;
  /** The store's revision when the message was created; events up to it may still follow. 0 if etcd omits it. */
  readonly revision: number;
  readonly isCreated: boolean;
  readonly isCanceled: boolean;
  readonly cancelReason: string | undefined;
  /** The oldest revision that can be watched, if the watch ended because of a compaction. */
  readonly compactRevision: number | undefined;
  /** More fragments of this message follow immediately. */
  readonly isFragment: boolean;
  readonly events: readonly WatchEvent[];
}

export const NO_WATCH = -1;
