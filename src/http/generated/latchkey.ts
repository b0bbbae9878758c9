// Generated from openapi/latchkey.yaml by `npm run generate`: change that file, not this one.
export interface components {
    schemas: {
        readonly PutRequest: {
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly ttl?: components["schemas"]["LeaseTtl"];
            readonly lease?: components["schemas"]["LeaseName"];
            readonly guard?: components["schemas"]["Guard"];
        };
        readonly Guard: {
            readonly lock: string;
            readonly fencingToken: components["schemas"]["FencingToken"];
        };
        /** Format: int64 */
        readonly FencingToken: number;
        readonly LeaseTtl: number;
        readonly LeaseName: string;
        readonly PutResult: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly revision: components["schemas"]["Revision"];
            readonly lease?: components["schemas"]["LeaseId"];
            readonly ttl?: number;
            readonly previous?: components["schemas"]["Entry"];
        };
        readonly DeleteResult: {
            readonly deleted: number;
            readonly revision: components["schemas"]["Revision"];
            readonly previous?: components["schemas"]["Entry"];
        };
        readonly Cluster: {
            readonly clusterId: string;
            readonly revision: number;
            readonly quorum: boolean;
            readonly leader: string | null;
            readonly members: readonly {
                readonly id: string;
                readonly name: string;
                readonly peerUrls: readonly string[];
                readonly clientUrls: readonly string[];
                readonly learner: boolean;
                readonly leader: boolean;
                readonly reachable: boolean;
                readonly healthy: boolean;
                readonly version?: string;
                readonly dbSize?: number;
                readonly dbSizeInUse?: number;
                readonly raftTerm?: number;
                readonly raftIndex?: number;
                readonly errors?: readonly string[];
            }[];
            readonly alarms: readonly {
                readonly member: string;
                readonly alarm: string;
            }[] | null;
            readonly unreachable: readonly {
                readonly endpoint: string;
                readonly reason: string;
            }[];
        };
        readonly WatchPage: {
            readonly events: readonly components["schemas"]["WatchEvent"][];
            readonly next: components["schemas"]["WatchPosition"];
        };
        readonly WatchEvent: {
            readonly event: components["schemas"]["ChangeKind"];
            readonly id: components["schemas"]["WatchPosition"];
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly value?: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly version: number;
            readonly createRevision: number;
            readonly modRevision: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
            readonly previous?: components["schemas"]["Entry"];
        };
        readonly WatchChange: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly value?: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly version: number;
            readonly createRevision: number;
            readonly modRevision: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
            readonly previous?: components["schemas"]["Entry"];
        };
        /** @enum {string} */
        readonly ChangeKind: "put" | "delete";
        readonly WatchPosition: string;
        readonly WatchEvents: readonly ({
            readonly event: components["schemas"]["ChangeKind"];
            readonly id: components["schemas"]["WatchPosition"];
            readonly data: components["schemas"]["WatchChange"];
        } | {
            /** @constant */
            readonly event: "compacted";
            readonly id: components["schemas"]["WatchPosition"];
            readonly data: components["schemas"]["CompactionNotice"];
        } | {
            /** @constant */
            readonly event: "overflow";
            readonly data: components["schemas"]["OverflowNotice"];
        } | components["schemas"]["ErrorEvent"])[];
        readonly WatchLines: readonly (components["schemas"]["WatchEvent"] | {
            /** @constant */
            readonly event: "heartbeat";
            readonly id: components["schemas"]["WatchPosition"];
        } | {
            /** @constant */
            readonly event: "compacted";
            readonly id: components["schemas"]["WatchPosition"];
            readonly oldestRevision: components["schemas"]["Revision"];
            readonly revision: components["schemas"]["Revision"];
        } | {
            /** @constant */
            readonly event: "overflow";
            readonly hint: string;
        } | {
            /** @constant */
            readonly event: "error";
            readonly code: string;
        })[];
        readonly CompactionNotice: {
            readonly oldestRevision: components["schemas"]["Revision"];
            readonly revision: components["schemas"]["Revision"];
        };
        readonly OverflowNotice: {
            readonly hint: string;
        };
        readonly Entry: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly version: components["schemas"]["Version"];
            readonly createRevision: components["schemas"]["CreateRevision"];
            readonly modRevision: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
        };
        readonly KeyEntry: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly version: components["schemas"]["Version"];
            readonly createRevision: components["schemas"]["CreateRevision"];
            readonly modRevision: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
        };
        readonly Page: {
            readonly items: readonly (components["schemas"]["Entry"] | components["schemas"]["KeyEntry"])[];
            readonly prefixes?: readonly string[];
            /** @enum {string} */
            readonly prefixEncoding?: "base64url";
            readonly count: number;
            readonly revision: components["schemas"]["Revision"];
            readonly next?: string;
        };
        readonly History: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly versions: readonly (components["schemas"]["Entry"] | components["schemas"]["Deletion"])[];
            readonly more: boolean;
            readonly revision: components["schemas"]["Revision"];
        };
        readonly Deletion: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @constant */
            readonly deleted: true;
            readonly modRevision: components["schemas"]["ModRevision"];
        };
        readonly ImportLine: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly version?: components["schemas"]["Version"];
            readonly createRevision?: components["schemas"]["CreateRevision"];
            readonly modRevision?: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
        };
        readonly Imported: {
            readonly lines: number;
            readonly written: number;
            readonly skipped: number;
            readonly leasesDropped: number;
            readonly revision: components["schemas"]["Revision"];
        };
        readonly Count: {
            readonly count: number;
            readonly revision: components["schemas"]["Revision"];
        };
        readonly Key: string;
        /** @enum {string} */
        readonly KeyEncoding: "base64url";
        /** @enum {string} */
        readonly ValueEncoding: "base64";
        /** Format: int64 */
        readonly Revision: number;
        /** Format: int64 */
        readonly Version: number;
        /** Format: int64 */
        readonly CreateRevision: number;
        /** Format: int64 */
        readonly ModRevision: number;
        readonly LeaseId: string;
        readonly TxnRequest: {
            readonly if?: components["schemas"]["TxnComparisons"];
            readonly then: components["schemas"]["TxnOperations"];
            readonly else?: components["schemas"]["TxnOperations"];
            readonly guard?: components["schemas"]["Guard"];
        };
        readonly TxnNested: {
            readonly if?: components["schemas"]["TxnComparisons"];
            readonly then: components["schemas"]["TxnOperations"];
            readonly else?: components["schemas"]["TxnOperations"];
        };
        readonly TxnComparisons: readonly components["schemas"]["TxnComparison"][];
        readonly TxnOperations: readonly components["schemas"]["TxnOperation"][];
        readonly TxnComparison: {
            readonly key?: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly prefix?: components["schemas"]["TxnPrefix"];
            readonly start?: components["schemas"]["TxnStart"];
            readonly end?: components["schemas"]["TxnEnd"];
            readonly version?: components["schemas"]["TxnNumber"];
            readonly createRevision?: components["schemas"]["TxnNumber"];
            readonly modRevision?: components["schemas"]["TxnNumber"];
            readonly value?: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly lease?: string | null;
            readonly exists?: boolean;
            readonly is?: components["schemas"]["TxnOperator"];
        };
        /**
         * @default =
         * @enum {string}
         */
        readonly TxnOperator: "=" | "!=" | "<" | ">";
        /** Format: int64 */
        readonly TxnNumber: number;
        readonly TxnPrefix: string | boolean;
        readonly TxnStart: string;
        readonly TxnEnd: string;
        readonly TxnOperation: {
            readonly put?: components["schemas"]["TxnPut"];
            readonly get?: components["schemas"]["TxnGet"];
            readonly delete?: components["schemas"]["TxnDelete"];
            readonly txn?: components["schemas"]["TxnNested"];
        };
        readonly TxnPut: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly lease?: components["schemas"]["LeaseName"];
            readonly previous?: boolean;
        };
        readonly TxnGet: {
            readonly key?: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly prefix?: components["schemas"]["TxnPrefix"];
            readonly start?: components["schemas"]["TxnStart"];
            readonly end?: components["schemas"]["TxnEnd"];
            readonly limit?: components["schemas"]["TxnGetLimit"];
            readonly keysOnly?: boolean;
            readonly countOnly?: boolean;
        };
        /** @default 100 */
        readonly TxnGetLimit: number;
        readonly TxnDelete: {
            readonly key?: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly prefix?: components["schemas"]["TxnPrefix"];
            readonly start?: components["schemas"]["TxnStart"];
            readonly end?: components["schemas"]["TxnEnd"];
            readonly previous?: boolean;
            readonly all?: boolean;
        };
        readonly TxnResult: {
            readonly succeeded: boolean;
            readonly revision: components["schemas"]["Revision"];
            readonly results: components["schemas"]["TxnOperationResults"];
        };
        readonly TxnOperationResults: readonly components["schemas"]["TxnOperationResult"][];
        readonly TxnOperationResult: {
            readonly put?: {
                readonly revision: components["schemas"]["ModRevision"];
                readonly previous?: components["schemas"]["Entry"];
            };
            readonly get?: {
                readonly items?: readonly (components["schemas"]["Entry"] | components["schemas"]["KeyEntry"])[];
                readonly count: number;
                readonly more?: boolean;
            };
            readonly delete?: {
                readonly deleted: number;
                readonly previous?: components["schemas"]["Entry"];
            };
            readonly txn?: {
                readonly succeeded: boolean;
                readonly results: components["schemas"]["TxnOperationResults"];
            };
        };
        readonly LeaseRequest: {
            readonly ttl: components["schemas"]["LeaseTtl"];
            readonly id?: components["schemas"]["LeaseName"];
        };
        readonly Lease: {
            readonly id: components["schemas"]["LeaseId"];
            readonly ttl: number;
        };
        readonly LeaseList: {
            readonly leases: readonly {
                readonly id: components["schemas"]["LeaseId"];
            }[];
            readonly next?: string;
        };
        readonly LeaseState: {
            readonly id: components["schemas"]["LeaseId"];
            readonly ttl: number;
            readonly expiresIn: number;
            readonly keys: readonly string[];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly keyCount: number;
        };
        readonly LeaseEnd: {
            readonly id: components["schemas"]["LeaseId"];
            /** @enum {boolean} */
            readonly revoked: true;
        };
        readonly LockOwner: string;
        readonly LockToken: string;
        /** @enum {string} */
        readonly LockMode: "exclusive" | "shared";
        /** @default 30 */
        readonly LockTtl: number | null;
        readonly LockWait: number;
        readonly GrantedTtl: number | null;
        /** Format: date-time */
        readonly ExpiresAt: string | null;
        readonly RenewEvery: number | null;
        readonly ExpiresIn: number | null;
        readonly LockMetadata: unknown;
        readonly QueueLength: number;
        readonly AcquireLockRequest: {
            readonly owner: components["schemas"]["LockOwner"];
            readonly ttl?: components["schemas"]["LockTtl"];
            readonly wait?: components["schemas"]["LockWait"];
            readonly token?: components["schemas"]["LockToken"];
            readonly lease?: components["schemas"]["LeaseName"];
            readonly mode?: components["schemas"]["LockMode"];
            readonly metadata?: components["schemas"]["LockMetadata"];
        };
        readonly HoldLockRequest: {
            readonly owner: components["schemas"]["LockOwner"];
            readonly ttl?: components["schemas"]["HoldTtl"];
            readonly wait?: components["schemas"]["LockWait"];
            readonly token?: components["schemas"]["LockToken"];
            readonly lease?: components["schemas"]["LeaseName"];
            readonly mode?: components["schemas"]["LockMode"];
            readonly metadata?: components["schemas"]["LockMetadata"];
            readonly confirmEvery?: number;
        };
        /** @default 30 */
        readonly HoldTtl: number;
        readonly AcquiredLock: {
            readonly name: string;
            readonly owner: components["schemas"]["LockOwner"];
            readonly mode: components["schemas"]["LockMode"];
            readonly token: components["schemas"]["LockToken"];
            readonly fencingToken: components["schemas"]["FencingToken"];
            readonly ttl: components["schemas"]["GrantedTtl"];
            readonly expiresAt: components["schemas"]["ExpiresAt"];
            readonly renewEvery: components["schemas"]["RenewEvery"];
            readonly metadata?: components["schemas"]["LockMetadata"];
        };
        readonly RenewLockRequest: {
            readonly token: components["schemas"]["LockToken"];
            readonly fencingToken?: components["schemas"]["FencingToken"];
        };
        readonly RenewedLock: {
            readonly ttl: components["schemas"]["GrantedTtl"];
            readonly expiresAt: components["schemas"]["ExpiresAt"];
            readonly fencingToken: components["schemas"]["FencingToken"];
        };
        readonly Released: {
            /** @constant */
            readonly released: true;
        };
        readonly LockHolder: {
            readonly owner: string | null;
            readonly mode: components["schemas"]["LockMode"];
            readonly fencingToken: components["schemas"]["FencingToken"];
            readonly acquiredBy: string | null;
            readonly expiresIn?: components["schemas"]["ExpiresIn"];
            readonly metadata?: components["schemas"]["LockMetadata"];
        };
        readonly LockWaiter: {
            readonly owner: string | null;
            readonly mode: components["schemas"]["LockMode"];
            readonly position: components["schemas"]["QueuePosition"];
            readonly metadata?: components["schemas"]["LockMetadata"];
        };
        readonly QueuePosition: number;
        readonly Lock: {
            readonly name: string;
            readonly locked: boolean;
            readonly holders: readonly components["schemas"]["LockHolder"][];
            readonly waiters: readonly components["schemas"]["LockWaiter"][];
            readonly queueLength: components["schemas"]["QueueLength"];
        };
        readonly LockList: {
            readonly locks: readonly {
                readonly name: string;
                readonly locked: boolean;
                readonly holders: readonly components["schemas"]["LockHolder"][];
                readonly queueLength: components["schemas"]["QueueLength"];
            }[];
            readonly next?: string;
        };
        readonly LockHeldProblem: components["schemas"]["Problem"] & {
            readonly holder?: components["schemas"]["LockHolder"];
            readonly queueLength: components["schemas"]["QueueLength"];
            readonly waited?: components["schemas"]["Waited"];
        };
        readonly ElectionHeldProblem: components["schemas"]["Problem"] & {
            readonly leader?: components["schemas"]["Leader"];
            readonly queueLength: components["schemas"]["QueueLength"];
            readonly waited?: components["schemas"]["Waited"];
        };
        readonly Waited: number;
        readonly HoldEvents: readonly (components["schemas"]["WaitingEvent"] | components["schemas"]["AcquiredEvent"] | components["schemas"]["LostEvent"] | components["schemas"]["DrainingEvent"] | components["schemas"]["TimeoutEvent"] | components["schemas"]["ErrorEvent"])[];
        readonly WaitingEvent: {
            /** @constant */
            readonly event: "waiting";
            readonly data: {
                readonly position: components["schemas"]["QueuePosition"] | null;
            };
        };
        readonly AcquiredEvent: {
            /** @constant */
            readonly event: "acquired";
            readonly data: components["schemas"]["AcquiredLock"];
        };
        readonly LostEvent: {
            /** @constant */
            readonly event: "lost";
            readonly data: {
                /** @enum {string} */
                readonly reason: "ended" | "expired" | "unconfirmed";
            };
        };
        readonly DrainingEvent: {
            /** @constant */
            readonly event: "draining";
            readonly data: {
                readonly [key: string]: unknown;
            };
        };
        readonly TimeoutEvent: {
            /** @constant */
            readonly event: "timeout";
            readonly data: components["schemas"]["LockHeldProblem"];
        };
        readonly ErrorEvent: {
            /** @constant */
            readonly event: "error";
            readonly data: components["schemas"]["Problem"];
        };
        readonly LockEvents: readonly ({
            /** @constant */
            readonly event: "state";
            readonly data: components["schemas"]["Lock"];
        } | components["schemas"]["DrainingEvent"] | components["schemas"]["ErrorEvent"])[];
        readonly ElectionEvents: readonly ({
            /** @constant */
            readonly event: "state";
            readonly data: components["schemas"]["Election"];
        } | components["schemas"]["DrainingEvent"] | components["schemas"]["ErrorEvent"])[];
        readonly Candidate: string;
        readonly CampaignRequest: {
            readonly candidate: components["schemas"]["Candidate"];
            readonly ttl?: components["schemas"]["CampaignTtl"];
            readonly wait?: components["schemas"]["LockWait"];
            readonly token?: components["schemas"]["LockToken"];
            readonly lease?: components["schemas"]["LeaseName"];
        };
        /** @default 30 */
        readonly CampaignTtl: number;
        readonly Leadership: {
            readonly name: string;
            readonly candidate: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly token: components["schemas"]["LockToken"];
            readonly fencingToken: components["schemas"]["FencingToken"];
            readonly ttl: components["schemas"]["GrantedTtl"];
            readonly expiresAt: components["schemas"]["ExpiresAt"];
            readonly renewEvery: components["schemas"]["RenewEvery"];
        };
        readonly Leader: {
            readonly candidate: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly fencingToken: components["schemas"]["FencingToken"];
            readonly expiresIn?: components["schemas"]["ExpiresIn"];
        };
        readonly StandingBy: {
            readonly candidate: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly position: components["schemas"]["QueuePosition"];
        };
        readonly Election: {
            readonly name: string;
            readonly leader: components["schemas"]["Leader"] | null;
            readonly candidates: readonly components["schemas"]["StandingBy"][];
            readonly queueLength: components["schemas"]["QueueLength"];
        };
        readonly ProclaimRequest: {
            readonly token: components["schemas"]["LockToken"];
            readonly candidate: components["schemas"]["Candidate"];
        };
        readonly Proclamation: {
            readonly name: string;
            readonly candidate: string;
            readonly fencingToken: components["schemas"]["FencingToken"];
        };
        readonly SimpleLockAcquireRequest: {
            readonly resource: components["schemas"]["SimpleLockResource"];
            readonly user_id: components["schemas"]["SimpleLockUser"];
            readonly ttl?: number | null;
        };
        readonly SimpleLockResource: string;
        readonly SimpleLockUser: string;
        readonly SimpleLockResult: {
            readonly succeeded: boolean;
        };
        readonly SimpleLockState: {
            readonly locked: boolean;
            readonly user_id: string;
        };
        readonly Problem: {
            /** Format: uri-reference */
            readonly type: string;
            readonly title: string;
            readonly status: number;
            readonly detail?: string;
            readonly code: components["schemas"]["ErrorCode"];
            readonly hint?: string;
            readonly requestId: string;
            /** @enum {string} */
            readonly outcome?: "unknown" | "not-applied";
            readonly errors?: readonly {
                readonly pointer: string;
                readonly detail: string;
            }[];
            readonly current?: components["schemas"]["Entry"];
        } & {
            readonly [key: string]: unknown;
        };
        /** @enum {string} */
        readonly ErrorCode: "invalid-request" | "future-revision" | "unauthenticated" | "permission-denied" | "reserved-prefix" | "foreign-origin" | "key-not-found" | "lock-not-found" | "lease-not-found" | "not-found" | "method-not-allowed" | "not-acceptable" | "request-timeout" | "not-holder" | "already-exists" | "revision-compacted" | "lock-expired" | "precondition-failed" | "lock-lost" | "too-large" | "unsupported-media-type" | "misdirected-request" | "lock-held" | "upgrade-refused" | "too-many-requests" | "headers-too-large" | "internal-error" | "etcd-refused" | "etcd-unavailable" | "no-leader" | "out-of-space" | "shutting-down" | "timeout";
    };
    responses: never;
    parameters: {
        readonly PathKey: string;
        readonly QueryKey: string;
        readonly KeyEncoding: "base64url";
        readonly RawBody: boolean;
        readonly RawResponse: boolean;
        readonly Ttl: components["schemas"]["LeaseTtl"];
        readonly Lease: components["schemas"]["LeaseName"];
        readonly GuardLock: string;
        readonly GuardToken: components["schemas"]["FencingToken"];
        readonly PathLease: string;
        readonly Previous: boolean;
        readonly Start: string;
        readonly End: string;
        readonly Limit: number;
        readonly Next: string;
        readonly Sort: "key" | "create" | "mod" | "version";
        readonly Order: "asc" | "desc";
        readonly Delimiter: "/";
        readonly History: boolean;
        readonly Consistency: "linearizable" | "serializable";
        readonly Revision: number;
        readonly IfMatch: string;
        readonly IfNoneMatchCreate: "*";
        readonly IfNoneMatchRead: string;
        readonly LockName: string;
        readonly ElectionName: string;
        readonly TokenQuery: components["schemas"]["LockToken"];
        readonly TokenHeader: components["schemas"]["LockToken"];
        readonly RequestTimeout: number;
        readonly RequestId: string;
    };
    requestBodies: {
        readonly Value: {
            readonly content: {
                readonly "application/json": components["schemas"]["PutRequest"];
                readonly "text/plain": string;
                readonly "application/octet-stream": string;
                readonly "*/*": string;
            };
        };
    };
    headers: never;
    pathItems: never;
}
export interface operations {
    readonly getKey: {
        readonly parameters: {
            readonly query: {
                readonly raw?: components["parameters"]["RawResponse"];
                readonly history?: components["parameters"]["History"];
                readonly limit: components["parameters"]["Limit"];
                readonly consistency: components["parameters"]["Consistency"];
                readonly revision?: components["parameters"]["Revision"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly putKey: {
        readonly parameters: {
            readonly query?: {
                readonly raw?: components["parameters"]["RawBody"];
                readonly ttl?: components["parameters"]["Ttl"];
                readonly lease?: components["parameters"]["Lease"];
                readonly guardLock?: components["parameters"]["GuardLock"];
                readonly guardToken?: components["parameters"]["GuardToken"];
                readonly previous?: components["parameters"]["Previous"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchCreate"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Value"];
        readonly responses: never;
    };
    readonly deleteKey: {
        readonly parameters: {
            readonly query?: {
                readonly guardLock?: components["parameters"]["GuardLock"];
                readonly guardToken?: components["parameters"]["GuardToken"];
                readonly previous?: components["parameters"]["Previous"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly headKey: {
        readonly parameters: {
            readonly query: {
                readonly raw?: components["parameters"]["RawResponse"];
                readonly consistency: components["parameters"]["Consistency"];
                readonly revision?: components["parameters"]["Revision"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly listKeys: {
        readonly parameters: {
            readonly query: {
                readonly key?: string;
                readonly prefix?: string;
                readonly start?: components["parameters"]["Start"];
                readonly end?: components["parameters"]["End"];
                readonly limit: components["parameters"]["Limit"];
                readonly next?: components["parameters"]["Next"];
                readonly sort?: components["parameters"]["Sort"];
                readonly order?: components["parameters"]["Order"];
                readonly delimiter?: components["parameters"]["Delimiter"];
                readonly history?: components["parameters"]["History"];
                readonly keysOnly?: boolean;
                readonly countOnly?: boolean;
                readonly raw?: components["parameters"]["RawResponse"];
                readonly consistency: components["parameters"]["Consistency"];
                readonly revision?: components["parameters"]["Revision"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly putKeyByQuery: {
        readonly parameters: {
            readonly query: {
                readonly key: components["parameters"]["QueryKey"];
                readonly raw?: components["parameters"]["RawBody"];
                readonly ttl?: components["parameters"]["Ttl"];
                readonly lease?: components["parameters"]["Lease"];
                readonly guardLock?: components["parameters"]["GuardLock"];
                readonly guardToken?: components["parameters"]["GuardToken"];
                readonly previous?: components["parameters"]["Previous"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchCreate"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Value"];
        readonly responses: never;
    };
    readonly deleteKeys: {
        readonly parameters: {
            readonly query?: {
                readonly key?: string;
                readonly prefix?: string;
                readonly start?: components["parameters"]["Start"];
                readonly end?: components["parameters"]["End"];
                readonly all?: boolean;
                readonly previous?: boolean;
                readonly guardLock?: components["parameters"]["GuardLock"];
                readonly guardToken?: components["parameters"]["GuardToken"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly headKeyByQuery: {
        readonly parameters: {
            readonly query: {
                readonly key: components["parameters"]["QueryKey"];
                readonly raw?: components["parameters"]["RawResponse"];
                readonly consistency: components["parameters"]["Consistency"];
                readonly revision?: components["parameters"]["Revision"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly importKeys: {
        readonly parameters: {
            readonly query: {
                readonly ifAbsent?: boolean;
                readonly skip: number;
            };
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/x-ndjson": string;
                readonly "application/json": components["schemas"]["ImportLine"];
            };
        };
        readonly responses: never;
    };
    readonly transact: {
        readonly parameters: {
            readonly query?: {
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["TxnRequest"];
            };
        };
        readonly responses: never;
    };
    readonly watchKeys: {
        readonly parameters: {
            readonly query?: {
                readonly key?: string;
                readonly prefix?: string;
                readonly start?: components["parameters"]["Start"];
                readonly end?: components["parameters"]["End"];
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
                readonly since?: string;
                readonly previous?: boolean;
                readonly wait?: number;
                readonly lastEventId?: string;
            };
            readonly header?: {
                readonly "Last-Event-ID"?: string;
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly listLeases: {
        readonly parameters: {
            readonly query: {
                readonly limit: number;
                readonly next?: string;
            };
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly createLease: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["LeaseRequest"];
            };
        };
        readonly responses: never;
    };
    readonly keepLeaseAlive: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly id: components["parameters"]["PathLease"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly getLease: {
        readonly parameters: {
            readonly query?: {
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly id: components["parameters"]["PathLease"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly deleteLease: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly id: components["parameters"]["PathLease"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly inspectLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly acquireLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["AcquireLockRequest"];
            };
        };
        readonly responses: never;
    };
    readonly releaseLock: {
        readonly parameters: {
            readonly query?: {
                readonly token?: components["parameters"]["TokenQuery"];
                readonly owner?: components["schemas"]["LockOwner"];
                readonly force?: boolean;
            };
            readonly header?: {
                readonly "Lock-Token"?: components["parameters"]["TokenHeader"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly token?: components["schemas"]["LockToken"];
                    readonly owner?: components["schemas"]["LockOwner"];
                };
            };
        };
        readonly responses: never;
    };
    readonly listLocks: {
        readonly parameters: {
            readonly query: {
                readonly prefix?: string;
                readonly limit: number;
                readonly next?: components["parameters"]["Next"];
                readonly expires?: boolean;
            };
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly renewLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RenewLockRequest"];
            };
        };
        readonly responses: never;
    };
    readonly holdLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["HoldLockRequest"];
            };
        };
        readonly responses: never;
    };
    readonly watchLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly getElection: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly campaign: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["CampaignRequest"];
            };
        };
        readonly responses: never;
    };
    readonly resign: {
        readonly parameters: {
            readonly query?: {
                readonly token?: components["parameters"]["TokenQuery"];
            };
            readonly header?: {
                readonly "Lock-Token"?: components["parameters"]["TokenHeader"];
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly token?: components["schemas"]["LockToken"];
                };
            };
        };
        readonly responses: never;
    };
    readonly renewLeadership: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RenewLockRequest"];
            };
        };
        readonly responses: never;
    };
    readonly proclaim: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ProclaimRequest"];
            };
        };
        readonly responses: never;
    };
    readonly watchElection: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly simpleLockInspect: {
        readonly parameters: {
            readonly query?: {
                readonly resource?: string;
                readonly user_id?: string;
            };
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly resource: components["schemas"]["SimpleLockResource"];
                    readonly user_id?: unknown;
                };
            };
        };
        readonly responses: never;
    };
    readonly simpleLockAcquire: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["SimpleLockAcquireRequest"];
            };
        };
        readonly responses: never;
    };
    readonly simpleLockRelease: {
        readonly parameters: {
            readonly query?: {
                readonly resource?: string;
                readonly user_id?: string;
            };
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly resource: components["schemas"]["SimpleLockResource"];
                    readonly user_id: components["schemas"]["SimpleLockUser"];
                };
            };
        };
        readonly responses: never;
    };
    readonly getCluster: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly compact: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly revision: number;
                };
            };
        };
        readonly responses: never;
    };
    readonly getLiveness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly getReadiness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly getMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
    readonly getOpenApiDocument: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly document: "latchkey.yaml" | "latchkey.json" | "etcd-v2.yaml" | "etcd-v2.json" | "etcd-v3.yaml" | "etcd-v3.json";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: never;
    };
}
