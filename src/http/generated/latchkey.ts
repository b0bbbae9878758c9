// Generated from openapi/latchkey.yaml by `npm run generate`: change that file, not this one.
export interface paths {
    readonly "/v1/kv/{key}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Read a key
         * @description ```sh
         *     curl localhost:8888/v1/kv/hello
         *     curl 'localhost:8888/v1/kv/picture?raw' -o picture.png
         *     curl -H 'If-None-Match: "41"' localhost:8888/v1/kv/hello     # 304 while it is unchanged
         *     ```
         *
         *     With `?raw` or `Accept: application/octet-stream` the answer is the value's bytes and nothing else; the numbers are then in the
         *     `Etcd-…` headers.
         */
        readonly get: operations["getKey"];
        /**
         * Write a key
         * @description Two ways to send the value:
         *
         *     - **As JSON** (`Content-Type: application/json`, and what `curl -d` sends): `{"value": "text"}`, or
         *       `{"value": "aGVsbG8=", "encoding": "base64"}` for bytes that are no text.
         *     - **As it is**: any other content type, no content type, or `?raw` stores the bytes of the body. No body is the empty value.
         *
         *     ```sh
         *     curl -X PUT -d '{"value":"world"}' localhost:8888/v1/kv/hello
         *     curl -T picture.png localhost:8888/v1/kv/picture
         *     curl -X PUT --data-binary @notes.txt 'localhost:8888/v1/kv/notes?raw'
         *     ```
         *
         *     `If-None-Match: *` writes only when the key does not exist yet, `If-Match: "41"` only over that revision; otherwise the answer
         *     is 412 and shows what is there now.
         */
        readonly put: operations["putKey"];
        readonly post?: never;
        /**
         * Delete a key
         * @description ```sh
         *     curl -X DELETE localhost:8888/v1/kv/hello
         *     curl -X DELETE 'localhost:8888/v1/kv/hello?previous=true'     # and see what it was
         *     ```
         *
         *     404 when there is no such key. `If-Match: "41"` deletes only that revision.
         */
        readonly delete: operations["deleteKey"];
        readonly options?: never;
        /**
         * Look whether a key is there
         * @description The answer of `GET` without its body: the status and the headers.
         *
         *     ```sh
         *     curl -I localhost:8888/v1/kv/hello
         *     ```
         */
        readonly head: operations["headKey"];
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/kv": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * List keys, or read one with ?key=
         * @description ```sh
         *     curl 'localhost:8888/v1/kv?prefix=app/'                   # everything that begins with app/
         *     curl 'localhost:8888/v1/kv?prefix=app/&keysOnly'          # without the values
         *     curl 'localhost:8888/v1/kv?prefix=app/&countOnly'         # only how many
         *     curl 'localhost:8888/v1/kv?start=a&end=c'                 # from a up to, not including, c
         *     curl 'localhost:8888/v1/kv'                               # the whole keyspace, first page
         *     curl 'localhost:8888/v1/kv?key=/app/db'                   # one key: the answer of GET /v1/kv/{key}
         *     ```
         *
         *     A list comes in pages. When there is more, the answer has a `next`: pass it back as `next=` with the same range. All pages of
         *     one list show the keyspace at the same revision, that of the first page. A page ends after `limit` keys, or earlier above 4 MiB.
         *
         *     Keys that are the gateway's own (below `\0latchkey/`) are never listed.
         */
        readonly get: operations["listKeys"];
        /**
         * Write a key given as ?key=
         * @description The same as `PUT /v1/kv/{key}`; the way to write keys that begin with a slash.
         *
         *     ```sh
         *     curl -X PUT -d '{"value":"postgres://db"}' 'localhost:8888/v1/kv?key=/app/db'
         *     ```
         */
        readonly put: operations["putKeyByQuery"];
        readonly post?: never;
        /**
         * Delete a range of keys, or one with ?key=
         * @description ```sh
         *     curl -X DELETE 'localhost:8888/v1/kv?prefix=app/'
         *     curl -X DELETE 'localhost:8888/v1/kv?start=a&end=c'
         *     curl -X DELETE 'localhost:8888/v1/kv?key=/app/db'
         *     curl -X DELETE 'localhost:8888/v1/kv?prefix=&all=true'    # everything: say so twice
         *     ```
         *
         *     A range is deleted at one revision, in one transaction. It is never refused because it is empty: `deleted` is then 0. (One key
         *     given as `?key=` that does not exist is 404, as at `DELETE /v1/kv/{key}`.) Reserved keys inside the range, such as locks, stay;
         *     a range that begins inside the reserved keys is 403.
         */
        readonly delete: operations["deleteKeys"];
        readonly options?: never;
        /**
         * Look whether a key given as ?key= is there
         * @description The same as `HEAD /v1/kv/{key}`.
         *
         *     ```sh
         *     curl -I 'localhost:8888/v1/kv?key=/app/db'
         *     ```
         */
        readonly head: operations["headKeyByQuery"];
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * See who holds a lock
         * @description ```sh
         *     curl -X GET -d '{"resource":"/path/to/my/file1"}' localhost:8888/
         *     curl 'localhost:8888/?resource=/path/to/my/file1'
         *     ```
         *
         *     Clients of the small lock manager send the resource as a JSON body; browsers (and this page) cannot send a body with `GET` and
         *     use the query parameter instead. A browser that just opens `/` is sent to `/docs`.
         */
        readonly get: operations["simpleLockInspect"];
        /**
         * Take a lock
         * @description ```sh
         *     curl -X PUT -d '{"resource":"/path/to/my/file1","user_id":"user1"}' localhost:8888/
         *     ```
         *
         *     `{"succeeded":true}` when you have it now. `{"succeeded":false}` when anybody holds it, you yourself too: the lock is not
         *     re-entrant. It never waits. Whatever the content type says, the body is read as JSON; fields that are not known are ignored.
         *
         *     Without `ttl` the lock stays until it is given back. With `ttl` it ends by itself after that many seconds.
         */
        readonly put: operations["simpleLockAcquire"];
        readonly post?: never;
        /**
         * Give a lock back
         * @description ```sh
         *     curl -X DELETE -d '{"resource":"/path/to/my/file1","user_id":"user1"}' localhost:8888/
         *     curl -X DELETE 'localhost:8888/?resource=/path/to/my/file1&user_id=user1'
         *     ```
         *
         *     `{"succeeded":false}` when that user does not hold it.
         */
        readonly delete: operations["simpleLockRelease"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/livez": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Is the process alive?
         * @description 200 as long as the gateway runs, whatever etcd does: restart the gateway when this fails, not when `/readyz` does.
         *
         *     ```sh
         *     curl localhost:8888/livez
         *     ```
         */
        readonly get: operations["getLiveness"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/readyz": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Can it serve?
         * @description 200 when a quorum of etcd answers; 503 with the reason when not, and while the gateway shuts down: send no traffic then.
         *
         *     ```sh
         *     curl localhost:8888/readyz
         *     ```
         */
        readonly get: operations["getReadiness"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/openapi/{document}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * One of the OpenAPI documents
         * @description ```sh
         *     curl localhost:8888/openapi/latchkey.yaml
         *     npx openapi-typescript http://localhost:8888/openapi/latchkey.json -o latchkey.ts
         *     ```
         */
        readonly get: operations["getOpenApiDocument"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A value to write. */
        readonly PutRequest: {
            /** @description The value as text, or as base64 when `encoding` says so. */
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
        };
        readonly PutResult: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly revision: components["schemas"]["Revision"];
            /** @description What was there before, when you asked with `?previous=true`. Missing when there was nothing. */
            readonly previous?: components["schemas"]["Entry"];
        };
        readonly DeleteResult: {
            /** @description How many keys were deleted. */
            readonly deleted: number;
            readonly revision: components["schemas"]["Revision"];
            /** @description What was there before, when you asked with `?previous=true`. */
            readonly previous?: components["schemas"]["Entry"];
        };
        /**
         * Entry
         * @description A key with its value and its numbers.
         */
        readonly Entry: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @description The value as text, or as base64 when `encoding` says so. */
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly version: components["schemas"]["Version"];
            readonly createRevision: components["schemas"]["CreateRevision"];
            readonly modRevision: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
        };
        /**
         * Entry without its value
         * @description What `keysOnly` shows of a key.
         */
        readonly KeyEntry: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly version: components["schemas"]["Version"];
            readonly createRevision: components["schemas"]["CreateRevision"];
            readonly modRevision: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
        };
        /**
         * Page
         * @description One page of a list, in the order of the keys' bytes.
         */
        readonly Page: {
            readonly items: readonly (components["schemas"]["Entry"] | components["schemas"]["KeyEntry"])[];
            /** @description How many keys the whole range has at this revision, this page and the following ones together. */
            readonly count: number;
            readonly revision: components["schemas"]["Revision"];
            /** @description There is more. Pass it back as `next=`. */
            readonly next?: string;
        };
        /**
         * Count
         * @description What `countOnly` shows of a range.
         */
        readonly Count: {
            readonly count: number;
            readonly revision: components["schemas"]["Revision"];
        };
        /** @description The key; as base64url when `keyEncoding` says so. */
        readonly Key: string;
        /**
         * @description There when the key is given as base64url, because you asked for that or because it is not UTF-8.
         * @enum {string}
         */
        readonly KeyEncoding: "base64url";
        /**
         * @description There when the value is base64, because it is not UTF-8.
         * @enum {string}
         */
        readonly ValueEncoding: "base64";
        /**
         * Format: int64
         * @description The revision of the keyspace that this answer belongs to.
         */
        readonly Revision: number;
        /**
         * Format: int64
         * @description How often the key was written since it was created; 1 is a new key.
         */
        readonly Version: number;
        /**
         * Format: int64
         * @description The revision at which the key was created.
         */
        readonly CreateRevision: number;
        /**
         * Format: int64
         * @description The revision of the key's last change; it is also its ETag.
         */
        readonly ModRevision: number;
        /** @description The lease that the key hangs on, as etcdctl prints it. */
        readonly LeaseId: string;
        /** @description Which lock, and for whom. Other fields are ignored. */
        readonly SimpleLockAcquireRequest: {
            readonly resource: components["schemas"]["SimpleLockResource"];
            readonly user_id: components["schemas"]["SimpleLockUser"];
            /** @description Seconds after which the lock ends by itself. Without it, or with `null`, it stays until it is given back. */
            readonly ttl?: number | null;
        } & {
            readonly [key: string]: unknown;
        };
        /** @description The name of the lock, 1 to 512 bytes of UTF-8, without NUL. */
        readonly SimpleLockResource: string;
        /** @description Who takes it. It only has to be the same text when the lock is given back. */
        readonly SimpleLockUser: string;
        readonly SimpleLockResult: {
            readonly succeeded: boolean;
        };
        readonly SimpleLockState: {
            readonly locked: boolean;
            /** @description Who holds it; empty when it is free, or when it was taken by a client that gives no name. */
            readonly user_id: string;
        };
        /**
         * @description An error, as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) has it. Programs should look at `code` (and `outcome`); the
         *     texts are for people and may change. An error can have more fields of its own.
         */
        readonly Problem: {
            /**
             * Format: uri-reference
             * @description The code once more, as a URI.
             */
            readonly type: string;
            /** @description What kind of error it is. */
            readonly title: string;
            /** @description The HTTP status once more. */
            readonly status: number;
            /** @description What happened this time. */
            readonly detail?: string;
            readonly code: components["schemas"]["ErrorCode"];
            /** @description What you can do about it. */
            readonly hint?: string;
            /** @description The same as in `X-Request-Id`. */
            readonly requestId: string;
            /**
             * @description 502, 503 and 504 to a write: `not-applied` = surely nothing happened; `unknown` = the old or the new value is there.
             * @enum {string}
             */
            readonly outcome?: "unknown" | "not-applied";
            /** @description Each thing that is wrong with the request. */
            readonly errors?: readonly {
                /** @description A JSON pointer into the body, or the name of a query parameter or header. */
                readonly pointer: string;
                readonly detail: string;
            }[];
            /** @description At `precondition-failed`: the key as it is now. Missing when it does not exist. */
            readonly current?: components["schemas"]["Entry"];
        } & {
            readonly [key: string]: unknown;
        };
        /**
         * @description Stable; codes are added, none changes its meaning.
         * @enum {string}
         */
        readonly ErrorCode: "invalid-request" | "unauthenticated" | "permission-denied" | "reserved-prefix" | "foreign-origin" | "key-not-found" | "lock-not-found" | "lease-not-found" | "not-found" | "method-not-allowed" | "not-acceptable" | "request-timeout" | "not-holder" | "already-exists" | "revision-compacted" | "lock-expired" | "precondition-failed" | "lock-lost" | "too-large" | "unsupported-media-type" | "misdirected-request" | "lock-held" | "upgrade-refused" | "too-many-requests" | "headers-too-large" | "internal-error" | "etcd-refused" | "etcd-unavailable" | "no-leader" | "out-of-space" | "shutting-down" | "timeout";
    };
    responses: {
        /** @description Written. */
        readonly Written: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly ETag: components["headers"]["ETag"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "key": "hello",
                 *       "revision": 42
                 *     }
                 */
                readonly "application/json": components["schemas"]["PutResult"];
            };
        };
        /** @description The key. */
        readonly Found: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly ETag: components["headers"]["ETag"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly "Etcd-Mod-Revision": components["headers"]["Etcd-Mod-Revision"];
                readonly "Etcd-Create-Revision": components["headers"]["Etcd-Create-Revision"];
                readonly "Etcd-Version": components["headers"]["Etcd-Version"];
                readonly "Etcd-Lease": components["headers"]["Etcd-Lease"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["Entry"];
                readonly "application/octet-stream": string;
            };
        };
        /** @description The key is there. */
        readonly FoundHead: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly ETag: components["headers"]["ETag"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly "Etcd-Mod-Revision": components["headers"]["Etcd-Mod-Revision"];
                readonly "Etcd-Create-Revision": components["headers"]["Etcd-Create-Revision"];
                readonly "Etcd-Version": components["headers"]["Etcd-Version"];
                readonly "Etcd-Lease": components["headers"]["Etcd-Lease"];
                readonly [name: string]: unknown;
            };
            content?: never;
        };
        /** @description One page of the list, or its count; with `?key=` the one key, as at `GET /v1/kv/{key}`. */
        readonly Listed: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly ETag: components["headers"]["ETag"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly "Etcd-Mod-Revision": components["headers"]["Etcd-Mod-Revision"];
                readonly "Etcd-Create-Revision": components["headers"]["Etcd-Create-Revision"];
                readonly "Etcd-Version": components["headers"]["Etcd-Version"];
                readonly "Etcd-Lease": components["headers"]["Etcd-Lease"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["Page"] | components["schemas"]["Count"] | components["schemas"]["Entry"];
                readonly "application/octet-stream": string;
            };
        };
        /** @description Deleted. */
        readonly Deleted: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["DeleteResult"];
            };
        };
        /** @description Whether it succeeded. One line, with one newline at its end. */
        readonly SimpleLockResult: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["SimpleLockResult"];
            };
        };
        /** @description Yes. */
        readonly Healthy: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /** @example ok */
                readonly "text/plain": string;
            };
        };
        /** @description The key is still at the modRevision that you named. */
        readonly NotModified: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly ETag: components["headers"]["ETag"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The request is not valid (`invalid-request`): `errors` names each field or parameter, `hint` the cure. */
        readonly InvalidRequest: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:invalid-request",
                 *       "title": "The request is not valid",
                 *       "status": 400,
                 *       "detail": "unknown query parameter \"prefx\"",
                 *       "code": "invalid-request",
                 *       "hint": "did you mean \"prefix\"?",
                 *       "requestId": "5b2f6f0c9a",
                 *       "errors": [
                 *         {
                 *           "pointer": "prefx",
                 *           "detail": "unknown query parameter \"prefx\""
                 *         }
                 *       ]
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description Not allowed: the key is reserved for the gateway or a lock (`reserved-prefix`), the request comes from a foreign web page
         *     (`foreign-origin`), or etcd refuses (`permission-denied`).
         */
        readonly Forbidden: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:reserved-prefix",
                 *       "title": "The key is reserved",
                 *       "status": 403,
                 *       "detail": "the key \"locks/deploy/694d73e8a9e36c23\" lies below the lock prefix \"locks/\"",
                 *       "code": "reserved-prefix",
                 *       "hint": "locks are taken and released through their own calls",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such key (`key-not-found`) at the revision that `Etcd-Revision` names. */
        readonly KeyNotFound: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:key-not-found",
                 *       "title": "The key does not exist",
                 *       "status": 404,
                 *       "detail": "there is no key \"hello\"",
                 *       "code": "key-not-found",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is nothing at this path (`not-found`). */
        readonly NotFound: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:not-found",
                 *       "title": "There is nothing at this path",
                 *       "status": 404,
                 *       "code": "not-found",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description This method does not exist here (`method-not-allowed`); `Allow` names those that do. */
        readonly MethodNotAllowed: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                /** @description The methods that exist here. */
                readonly Allow: string;
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:method-not-allowed",
                 *       "title": "The method is not allowed here",
                 *       "status": 405,
                 *       "code": "method-not-allowed",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The answer has none of the types in `Accept` (`not-acceptable`). */
        readonly NotAcceptable: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:not-acceptable",
                 *       "title": "No acceptable representation",
                 *       "status": 406,
                 *       "code": "not-acceptable",
                 *       "hint": "application/json and application/octet-stream are offered",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request did not arrive completely in time (`request-timeout`); nothing was done. */
        readonly RequestTooSlow: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:request-timeout",
                 *       "title": "The request took too long to arrive",
                 *       "status": 408,
                 *       "code": "request-timeout",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description etcd no longer has that revision (`revision-compacted`). */
        readonly RevisionCompacted: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:revision-compacted",
                 *       "title": "The revision has been compacted",
                 *       "status": 410,
                 *       "code": "revision-compacted",
                 *       "hint": "start again without a revision",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `If-Match` or `If-None-Match` did not hold (`precondition-failed`); nothing was changed. `current` is what is there now. */
        readonly PreconditionFailed: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly ETag: components["headers"]["ETag"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:precondition-failed",
                 *       "title": "The precondition failed",
                 *       "status": 412,
                 *       "detail": "the key \"hello\" is at revision 42, not 41",
                 *       "code": "precondition-failed",
                 *       "requestId": "5b2f6f0c9a",
                 *       "current": {
                 *         "key": "hello",
                 *         "value": "world",
                 *         "version": 1,
                 *         "createRevision": 42,
                 *         "modRevision": 42
                 *       }
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body, or the write that it asks for, is larger than allowed (`too-large`). */
        readonly TooLarge: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:too-large",
                 *       "title": "The request is too large",
                 *       "status": 413,
                 *       "code": "too-large",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body's type or encoding is not supported here (`unsupported-media-type`). */
        readonly UnsupportedMediaType: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:unsupported-media-type",
                 *       "title": "The content type is not supported",
                 *       "status": 415,
                 *       "code": "unsupported-media-type",
                 *       "hint": "send the body without Content-Encoding",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The `Host` of the request is not served here (`misdirected-request`); the hint names the setting. */
        readonly MisdirectedRequest: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:misdirected-request",
                 *       "title": "The Host is not served here",
                 *       "status": 421,
                 *       "code": "misdirected-request",
                 *       "hint": "add the name to --allowed-hosts (LATCHKEY_ALLOWED_HOSTS)",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description etcd or the gateway is overloaded (`too-many-requests`). */
        readonly TooManyRequests: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Retry-After": components["headers"]["Retry-After"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:too-many-requests",
                 *       "title": "Too many requests",
                 *       "status": 429,
                 *       "code": "too-many-requests",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The gateway made a mistake (`internal-error`). Please report it with the request's id. */
        readonly InternalError: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:internal-error",
                 *       "title": "The gateway made a mistake",
                 *       "status": 500,
                 *       "code": "internal-error",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description etcd rejects the gateway itself, belongs to another cluster, or answers garbage (`etcd-refused`). */
        readonly EtcdRefused: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Retry-After": components["headers"]["Retry-After"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:etcd-refused",
                 *       "title": "etcd refuses the gateway or answers garbage",
                 *       "status": 502,
                 *       "code": "etcd-refused",
                 *       "outcome": "unknown",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /**
         * @description etcd cannot be reached (`etcd-unavailable`), has no leader (`no-leader`) or no space (`out-of-space`), or the gateway is
         *     shutting down (`shutting-down`).
         */
        readonly Unavailable: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Retry-After": components["headers"]["Retry-After"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:etcd-unavailable",
                 *       "title": "etcd is not available",
                 *       "status": 503,
                 *       "detail": "no endpoint accepts connections",
                 *       "code": "etcd-unavailable",
                 *       "outcome": "not-applied",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request was sent to etcd and no answer came in time (`timeout`). A write may or may not have happened. */
        readonly TimeIsUp: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Retry-After": components["headers"]["Retry-After"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:timeout",
                 *       "title": "Time is up",
                 *       "status": 504,
                 *       "code": "timeout",
                 *       "hint": "read before repeating",
                 *       "outcome": "unknown",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description The key. A slash in it may be written as it is or as `%2F`; `%` itself as `%25`. Keys that begin with a slash, or that contain
         *     `//`, `.` or `..` as a segment, are safer as `?key=`.
         * @example hello
         */
        readonly PathKey: string;
        /**
         * @description The key; it may begin with a slash.
         * @example /app/db
         */
        readonly QueryKey: string;
        /**
         * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
         *     is every key in the answer.
         */
        readonly KeyEncoding: "base64url";
        /** @description Store the body's bytes as they are, whatever its content type says. */
        readonly RawBody: boolean;
        /** @description Answer with the value's bytes and nothing else. Only for one key. */
        readonly RawAnswer: boolean;
        /** @description Show what was there before, as `previous` in the answer. */
        readonly Previous: boolean;
        /** @description The first key of the range, included. Empty means from the very first key. */
        readonly Start: string;
        /** @description Where the range ends, not included. Without it, it goes on to the last key. */
        readonly End: string;
        /** @description The most keys that one page may have. */
        readonly Limit: number;
        /** @description The `next` of the page before. Opaque; take it as it is and keep the range the same. */
        readonly Next: string;
        /**
         * @description `linearizable` sees every write that was acknowledged before. `serializable` asks the nearest member only: it answers without a
         *     quorum, perhaps with older data.
         */
        readonly Consistency: "linearizable" | "serializable";
        /** @description Read the keyspace as it was at this revision. 410 when etcd no longer has it. */
        readonly Revision: number;
        /** @description `"41"` (an ETag): only if the key is still at that modRevision. `*`: only if it exists. Else 412. Only for one key. */
        readonly IfMatch: string;
        /** @description `*`: only if the key does not exist. Else 412. */
        readonly IfNoneMatchCreate: "*";
        /** @description `"41"` (an ETag): answer 304 without a body while the key is still at that modRevision. Only for one key. */
        readonly IfNoneMatchRead: string;
        /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
        readonly RequestTimeout: number;
        /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
        readonly RequestId: string;
    };
    requestBodies: {
        /**
         * @description The value. In the JSON form `{"value": …}` or, for any other content type (none at all, too) and with `?raw`, the bytes
         *     themselves. `curl -d` labels its body as a form; it is read as JSON.
         */
        readonly Value: {
            readonly content: {
                readonly "application/json": components["schemas"]["PutRequest"];
                /** @example world */
                readonly "text/plain": string;
                readonly "application/octet-stream": string;
                readonly "*/*": string;
            };
        };
    };
    headers: {
        /** @description The name of this request in the gateway's logs; yours, if you sent one. */
        readonly "X-Request-Id": string;
        /** @description The version of what is answered, in double quotes; for a key its modRevision. */
        readonly ETag: string;
        /** @description The revision of the keyspace that the answer shows. A watch from there misses nothing. */
        readonly "Etcd-Revision": string;
        /** @description The revision of the key's last change. */
        readonly "Etcd-Mod-Revision": string;
        /** @description The revision at which the key was created. */
        readonly "Etcd-Create-Revision": string;
        /** @description How often the key was written since it was created. */
        readonly "Etcd-Version": string;
        /** @description The lease that the key hangs on, if any. */
        readonly "Etcd-Lease": string;
        /** @description Seconds after which it is worth to try again. A write carries it only when surely nothing happened. */
        readonly "Retry-After": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly getKey: {
        readonly parameters: {
            readonly query?: {
                /** @description Answer with the value's bytes and nothing else. Only for one key. */
                readonly raw?: components["parameters"]["RawAnswer"];
                /**
                 * @description `linearizable` sees every write that was acknowledged before. `serializable` asks the nearest member only: it answers without a
                 *     quorum, perhaps with older data.
                 */
                readonly consistency?: components["parameters"]["Consistency"];
                /** @description Read the keyspace as it was at this revision. 410 when etcd no longer has it. */
                readonly revision?: components["parameters"]["Revision"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): answer 304 without a body while the key is still at that modRevision. Only for one key. */
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The key. A slash in it may be written as it is or as `%2F`; `%` itself as `%25`. Keys that begin with a slash, or that contain
                 *     `//`, `.` or `..` as a segment, are safer as `?key=`.
                 * @example hello
                 */
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Found"];
            readonly 304: components["responses"]["NotModified"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["KeyNotFound"];
            readonly 406: components["responses"]["NotAcceptable"];
            readonly 410: components["responses"]["RevisionCompacted"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly putKey: {
        readonly parameters: {
            readonly query?: {
                /** @description Store the body's bytes as they are, whatever its content type says. */
                readonly raw?: components["parameters"]["RawBody"];
                /** @description Show what was there before, as `previous` in the answer. */
                readonly previous?: components["parameters"]["Previous"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): only if the key is still at that modRevision. `*`: only if it exists. Else 412. Only for one key. */
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                /** @description `*`: only if the key does not exist. Else 412. */
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchCreate"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The key. A slash in it may be written as it is or as `%2F`; `%` itself as `%25`. Keys that begin with a slash, or that contain
                 *     `//`, `.` or `..` as a segment, are safer as `?key=`.
                 * @example hello
                 */
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Value"];
        readonly responses: {
            readonly 200: components["responses"]["Written"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 412: components["responses"]["PreconditionFailed"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["UnsupportedMediaType"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly deleteKey: {
        readonly parameters: {
            readonly query?: {
                /** @description Show what was there before, as `previous` in the answer. */
                readonly previous?: components["parameters"]["Previous"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): only if the key is still at that modRevision. `*`: only if it exists. Else 412. Only for one key. */
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The key. A slash in it may be written as it is or as `%2F`; `%` itself as `%25`. Keys that begin with a slash, or that contain
                 *     `//`, `.` or `..` as a segment, are safer as `?key=`.
                 * @example hello
                 */
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Deleted"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["KeyNotFound"];
            readonly 412: components["responses"]["PreconditionFailed"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly headKey: {
        readonly parameters: {
            readonly query?: {
                /** @description Answer with the value's bytes and nothing else. Only for one key. */
                readonly raw?: components["parameters"]["RawAnswer"];
                /**
                 * @description `linearizable` sees every write that was acknowledged before. `serializable` asks the nearest member only: it answers without a
                 *     quorum, perhaps with older data.
                 */
                readonly consistency?: components["parameters"]["Consistency"];
                /** @description Read the keyspace as it was at this revision. 410 when etcd no longer has it. */
                readonly revision?: components["parameters"]["Revision"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): answer 304 without a body while the key is still at that modRevision. Only for one key. */
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The key. A slash in it may be written as it is or as `%2F`; `%` itself as `%25`. Keys that begin with a slash, or that contain
                 *     `//`, `.` or `..` as a segment, are safer as `?key=`.
                 * @example hello
                 */
                readonly key: components["parameters"]["PathKey"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["FoundHead"];
            readonly 304: components["responses"]["NotModified"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["KeyNotFound"];
            readonly 406: components["responses"]["NotAcceptable"];
            readonly 410: components["responses"]["RevisionCompacted"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly listKeys: {
        readonly parameters: {
            readonly query?: {
                /** @description One key instead of a list, the call for keys that begin with a slash. Not together with a range. */
                readonly key?: string;
                /** @description Only keys that begin with this text. Not together with `start` and `end`. */
                readonly prefix?: string;
                /** @description The first key of the range, included. Empty means from the very first key. */
                readonly start?: components["parameters"]["Start"];
                /** @description Where the range ends, not included. Without it, it goes on to the last key. */
                readonly end?: components["parameters"]["End"];
                /** @description The most keys that one page may have. */
                readonly limit?: components["parameters"]["Limit"];
                /** @description The `next` of the page before. Opaque; take it as it is and keep the range the same. */
                readonly next?: components["parameters"]["Next"];
                /** @description Leave the values out. */
                readonly keysOnly?: boolean;
                /** @description Only count; the answer is `{count, revision}`. */
                readonly countOnly?: boolean;
                /** @description Answer with the value's bytes and nothing else. Only for one key. */
                readonly raw?: components["parameters"]["RawAnswer"];
                /**
                 * @description `linearizable` sees every write that was acknowledged before. `serializable` asks the nearest member only: it answers without a
                 *     quorum, perhaps with older data.
                 */
                readonly consistency?: components["parameters"]["Consistency"];
                /** @description Read the keyspace as it was at this revision. 410 when etcd no longer has it. */
                readonly revision?: components["parameters"]["Revision"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): answer 304 without a body while the key is still at that modRevision. Only for one key. */
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Listed"];
            readonly 304: components["responses"]["NotModified"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["KeyNotFound"];
            readonly 406: components["responses"]["NotAcceptable"];
            readonly 410: components["responses"]["RevisionCompacted"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly putKeyByQuery: {
        readonly parameters: {
            readonly query: {
                /**
                 * @description The key; it may begin with a slash.
                 * @example /app/db
                 */
                readonly key: components["parameters"]["QueryKey"];
                /** @description Store the body's bytes as they are, whatever its content type says. */
                readonly raw?: components["parameters"]["RawBody"];
                /** @description Show what was there before, as `previous` in the answer. */
                readonly previous?: components["parameters"]["Previous"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): only if the key is still at that modRevision. `*`: only if it exists. Else 412. Only for one key. */
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                /** @description `*`: only if the key does not exist. Else 412. */
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchCreate"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Value"];
        readonly responses: {
            readonly 200: components["responses"]["Written"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 412: components["responses"]["PreconditionFailed"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["UnsupportedMediaType"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly deleteKeys: {
        readonly parameters: {
            readonly query?: {
                /** @description One key instead of a range. Not together with `prefix`, `start` or `end`. */
                readonly key?: string;
                /**
                 * @description Delete the keys that begin with this text. The empty prefix means every key and needs `all=true`.
                 * @example hello
                 */
                readonly prefix?: string;
                /** @description The first key of the range, included. Empty means from the very first key. */
                readonly start?: components["parameters"]["Start"];
                /** @description Where the range ends, not included. Without it, it goes on to the last key. */
                readonly end?: components["parameters"]["End"];
                /** @description Has to be `true` when the prefix is empty. */
                readonly all?: boolean;
                /** @description Show what was there before. Only together with `key`. */
                readonly previous?: boolean;
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): only if the key is still at that modRevision. `*`: only if it exists. Else 412. Only for one key. */
                readonly "If-Match"?: components["parameters"]["IfMatch"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Deleted"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["KeyNotFound"];
            readonly 412: components["responses"]["PreconditionFailed"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly headKeyByQuery: {
        readonly parameters: {
            readonly query: {
                /**
                 * @description The key; it may begin with a slash.
                 * @example /app/db
                 */
                readonly key: components["parameters"]["QueryKey"];
                /** @description Answer with the value's bytes and nothing else. Only for one key. */
                readonly raw?: components["parameters"]["RawAnswer"];
                /**
                 * @description `linearizable` sees every write that was acknowledged before. `serializable` asks the nearest member only: it answers without a
                 *     quorum, perhaps with older data.
                 */
                readonly consistency?: components["parameters"]["Consistency"];
                /** @description Read the keyspace as it was at this revision. 410 when etcd no longer has it. */
                readonly revision?: components["parameters"]["Revision"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description `"41"` (an ETag): answer 304 without a body while the key is still at that modRevision. Only for one key. */
                readonly "If-None-Match"?: components["parameters"]["IfNoneMatchRead"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["FoundHead"];
            readonly 304: components["responses"]["NotModified"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["KeyNotFound"];
            readonly 406: components["responses"]["NotAcceptable"];
            readonly 410: components["responses"]["RevisionCompacted"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly simpleLockInspect: {
        readonly parameters: {
            readonly query?: {
                /**
                 * @description The name of the lock, when the request has no body.
                 * @example /path/to/my/file1
                 */
                readonly resource?: string;
            };
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Who holds it, if anybody. One line, with one newline at its end. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["SimpleLockState"];
                };
            };
            /** @description A browser that opens `/` is sent to the documentation. */
            readonly 302: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    /** @description The documentation. */
                    readonly Location: string;
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly simpleLockAcquire: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "resource": "/path/to/my/file1",
                 *       "user_id": "user1"
                 *     }
                 */
                readonly "application/json": components["schemas"]["SimpleLockAcquireRequest"];
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["SimpleLockResult"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly simpleLockRelease: {
        readonly parameters: {
            readonly query?: {
                /**
                 * @description The name of the lock, when the request has no body.
                 * @example /path/to/my/file1
                 */
                readonly resource?: string;
                /**
                 * @description Who gives it back, when the request has no body.
                 * @example user1
                 */
                readonly user_id?: string;
            };
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["SimpleLockResult"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly getLiveness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Healthy"];
            readonly 400: components["responses"]["InvalidRequest"];
        };
    };
    readonly getReadiness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Healthy"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly getOpenApiDocument: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Which one, and in which form.
                 * @example latchkey.json
                 */
                readonly document: "latchkey.yaml" | "latchkey.json" | "etcd-v2.yaml" | "etcd-v2.json" | "etcd-v3.yaml" | "etcd-v3.json";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The document. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": Record<string, never>;
                    readonly "application/yaml": string;
                };
            };
            /** @description You have it already (`If-None-Match`). */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 404: components["responses"]["NotFound"];
            readonly 421: components["responses"]["MisdirectedRequest"];
        };
    };
}
