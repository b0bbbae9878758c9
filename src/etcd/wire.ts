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

/** What `GET /version` tells; 3.6 and later also name their storage. */
export interface ServerVersion {
  readonly etcdserver: string;
  readonly etcdcluster: string;
  readonly storage?: string;
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
