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
         *
         *     **History.** `?history=true` shows the versions of the key that etcd still has, newest first, deletions among them: everything
         *     since the last compaction, and what was there at that moment. `revision` is where it ends, now unless said otherwise; when
         *     `more` is true, older versions are read with `revision` = the last one's `modRevision` - 1. A key that was deleted has a history;
         *     404 means that there is no trace of it. (etcd before 3.5.8 does not tell when it has sent all: there, the history of a key that
         *     does not exist at that revision is what came before half a second of silence.) It costs etcd a look at all that happened to all
         *     keys since its last compaction: ask sparingly where much is written; 504 when that takes longer than a request may.
         *
         *     ```sh
         *     curl 'localhost:8888/v1/kv/hello?history=true&limit=10'
         *     ```
         */
        readonly get: operations["getKey"];
        /**
         * Write a key
         * @description Two ways to send the value:
         *
         *     - **As JSON** (`Content-Type: application/json`, and what `curl -d` sends): `{"value": "text"}`, or
         *       `{"value": "aGVsbG8=", "encoding": "base64"}` for bytes that are no text.
         *     - **As it is**: any other content type, no content type, or `?raw` stores the bytes of the body. Three requests get 400 or 415
         *       unless you add `?raw`, because they are mistakes most of the time: an empty body without a content type, a JSON object such
         *       as `{"value": "text"}` with a text type or without a type, and a multipart form.
         *
         *     ```sh
         *     curl -X PUT -d '{"value":"world"}' localhost:8888/v1/kv/hello
         *     curl -T picture.png localhost:8888/v1/kv/picture
         *     curl -X PUT --data-binary @notes.txt 'localhost:8888/v1/kv/notes?raw'
         *     ```
         *
         *     `If-None-Match: *` writes only when the key does not exist yet, `If-Match: "41"` only over that revision; otherwise the answer
         *     is 412 and shows what is there now.
         *
         *     **Guarded by a lock.** With `guard` the write happens only while that lock is held under that fencing token, else the answer is
         *     412 `lock-lost` and nothing was written. This is what makes a lock safe: a holder who slept past his ttl can do no harm.
         *
         *     ```sh
         *     curl -X PUT -d '{"value":"v2","guard":{"lock":"deploy","fencingToken":42}}' localhost:8888/v1/kv/config
         *     curl -T config.bin 'localhost:8888/v1/kv/config?guardLock=deploy&guardToken=42'
         *     ```
         *
         *     **For a while.** `ttl` makes a new lease for the key, which ends with it unless the lease is renewed; `lease` hangs the key on
         *     a lease that you made. With neither, the key stays, and loses the lease that it had. After a 5xx with `"outcome": "unknown"`
         *     the old or the new value is there, never neither.
         *
         *     The lease that `ttl` makes serves this key alone: attaching anything else to it is 403. Pass it as `lease` in a later write of the
         *     same key to keep it. It is revoked in the background when the key is written with another `lease` or `ttl`, or deleted.
         *
         *     ```sh
         *     curl -X PUT -d '{"value":"up","ttl":30}' localhost:8888/v1/kv/hosts/a
         *     ```
         *
         *     In the JSON form these are fields of the body; for bytes as they are, query parameters.
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
         *     404 when there is no such key. `If-Match: "41"` deletes only that revision. `?guardLock=deploy&guardToken=42` deletes only while
         *     that lock is held under that fencing token, else 412 `lock-lost`.
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
         *     one list show the keyspace at the same revision, that of the first page; once that is compacted, the next page is 410. A page ends
         *     after `limit` keys, or earlier above 4 MiB.
         *
         *     Keys that are the gateway's own (below `\0latchkey/`) are never listed.
         *
         *     **One level.** `delimiter=/` lists like a folder: `items` are the keys directly below the prefix, and `prefixes` the beginnings,
         *     slash included, of all that lies deeper. Together they come in the order of their bytes and in pages of `limit`. What is deeper is
         *     skipped and not read, so that a level with few folders is quick, whatever is in them.
         *
         *     **Order.** `order=desc` lists from the last key to the first. `sort=create`, `mod` or `version` gives one page, the first `limit`
         *     keys in that order (fewer above 4 MiB), and no `next`. For both etcd goes through the whole range; ascending by key it does not.
         *
         *     ```sh
         *     curl 'localhost:8888/v1/kv?prefix=app/&delimiter=/'                 # {"items":[…],"prefixes":["app/eu/","app/us/"],…}
         *     curl 'localhost:8888/v1/kv?prefix=app/&sort=mod&order=desc&limit=5' # what was written last
         *     ```
         *
         *     **Export.** With `Accept: application/x-ndjson` the answer is the whole range at one revision, one entry a line, however large it is;
         *     `POST /v1/kv/import` takes it back. Keys of locks, elections and the gateway are left out, unless the range begins inside them.
         *     Should it break in the middle, the last line is `{"error": …}` with the problem and the connection breaks, so that no program takes
         *     half of it for the whole.
         *
         *     ```sh
         *     curl -fsS -H 'Accept: application/x-ndjson' 'localhost:8888/v1/kv?prefix=app/' > app.ndjson
         *     ```
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
         *     a range that begins inside the reserved keys is 403. A guard (`?guardLock=deploy&guardToken=42`) works as at
         *     `DELETE /v1/kv/{key}`.
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
    readonly "/v1/kv/import": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Write the lines of an export
         * @description Takes what an export wrote, one entry a line, of any length in total. Only `key` and `value` (with their encodings) matter:
         *     revisions and versions are ignored, and leases are dropped and counted, so that the entries stay.
         *
         *     ```sh
         *     curl -H 'Content-Type: application/x-ndjson' -T app.ndjson -X POST localhost:8888/v1/kv/import
         *     curl -H 'Content-Type: application/x-ndjson' -T app.ndjson -X POST 'localhost:8888/v1/kv/import?ifAbsent=true'
         *     ```
         *
         *     It is written in batches, each of them a transaction; the import as a whole is none. With `ifAbsent=true` keys that exist are left
         *     alone, each for itself. A key of the gateway, of a lock or of an election ends it (403).
         *
         *     **When it breaks**, at a bad line or because etcd is away, the problem says how far it came: `lines` are done, and `line` is the bad
         *     one. `?skip=` that number goes on with the same file. Every 5xx after something was written has `"outcome": "unknown"`: what comes
         *     behind `lines` may have been written too, and writing it again does no harm.
         */
        readonly post: operations["importKeys"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/txn": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Several reads and writes at once, under conditions
         * @description All comparisons of `if` true: the operations of `then` are done, else those of `else`; in order, at one revision, all or none.
         *
         *     ```sh
         *     curl localhost:8888/v1/txn -d '{
         *       "if":   [{"key":"config","modRevision":41}, {"key":"config/lock","exists":false}],
         *       "then": [{"put":{"key":"config","value":"v2"}}, {"delete":{"prefix":"config/draft/"}}],
         *       "else": [{"get":{"key":"config"}}]
         *     }'
         *     ```
         *
         *     **Comparisons** have one of `version`, `createRevision`, `modRevision`, `value`, `lease`, `exists`, and `is` (`=`, `!=`, `<`, `>`;
         *     `=` unless you say otherwise). `<` and `>` of values go by their bytes.
         *
         *     - A key that does not exist has the version, createRevision and modRevision 0 and no lease. It has no value: `=`, `<` and `>` with
         *       any `value` are false of it, the empty one too, and `!=` is true.
         *     - With a range (`prefix`, or `start` and `end`) every key in it has to satisfy the comparison. An empty range is compared like
         *       a key that does not exist, but any comparison of its `value`, with `!=` too, is false.
         *
         *     **Operations** are `put`, `get`, `delete` and `txn`, a transaction inside. All comparisons, those inside too, look at what was
         *     there before the transaction; a `get` sees what the operations before it have written. A key can be put once, and not be both
         *     put and deleted (the two branches of one transaction aside). `put` knows no `ttl`: make a lease first.
         *
         *     **Guard.** With `guard` either branch runs only while that lock is held under that fencing token, else the answer is 412
         *     `lock-lost` and nothing was done.
         *
         *     **Reserved keys** cannot be put, nor deleted by name (403); a deletion of a range that contains some goes around them.
         *
         *     **Limits** are etcd's: 128 comparisons and 128 operations on a level, of which a transaction inside has what the level around
         *     it leaves, and 1.5 MiB. A guard takes two places among the comparisons; the parts of a range around reserved keys and each
         *     `value` comparison with `!=` take places, too.
         */
        readonly post: operations["transact"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/watch": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Follow changes
         * @description Three ways to be told of every change in a range of keys, in order, each once:
         *
         *     - **Event stream** (`Accept: text/event-stream`, what a browser's `EventSource` sends): events `put` and `delete`. The `id` of an
         *       event, `<revision>.<n>`, is the place in the stream; a browser that reconnects sends it back as `Last-Event-ID` and misses nothing.
         *     - **JSON lines** (`Accept: application/x-ndjson`, anything or nothing, as curl sends): the same, one object a line.
         *     - **Long poll** (`?wait=30`): the first events after `since`, or an empty list when the time is up; `next` goes back in as `since`.
         *
         *     ```sh
         *     curl -N 'localhost:8888/v1/watch?prefix=app/'
         *     curl -N -H 'Accept: text/event-stream' 'localhost:8888/v1/watch?key=/app/db&since=41'
         *     curl 'localhost:8888/v1/watch?prefix=app/&wait=30&since=41.3'
         *     ```
         *
         *     `since` is what you know already: a revision (`41`: everything up to it), or the id of an event (`41.3`). To miss nothing after a
         *     read, pass the `Etcd-Revision` of its answer. Absent, the watch begins now. `Last-Event-ID` wins over `since`, because a browser
         *     that reconnects sends both.
         *
         *     Every 15 s a heartbeat keeps proxies open and carries the position forward (a comment with an `id`; a `heartbeat` line).
         *     When history that the watch needs is compacted, `compacted` names the oldest revision that can be watched, carries the current one
         *     as its `id`, and ends the stream (JSON lines and long polls answer 410 when that is so at the start). The same happens when etcd was
         *     restored from a backup or emptied: read the keys again, then continue from the `id`. A `since` that etcd has not reached is 400
         *     (`future-revision`, with `newestRevision`); an event stream gets `compacted` with the newest revision as its `id` instead, because
         *     browsers give up on any status but 200. A client that reads too slowly gets `overflow`, and the stream ends: continue from its last `id`. Without a range the whole keyspace is watched.
         */
        readonly get: operations["watchKeys"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/leases": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * List leases
         * @description All leases that etcd has, by ID; those of other clients too. Not listed are the leases of locks and elections that the gateway
         *     made for them.
         *
         *     With limited rights you see leases whose keys are all within your rights, and empty leases that you made. One request reads the
         *     keys of at most 64 leases: a page may have fewer leases than `limit`, or none, and still a `next`. The list is complete when
         *     there is no `next`.
         *
         *     ```sh
         *     curl localhost:8888/v1/leases
         *     ```
         */
        readonly get: operations["listLeases"];
        readonly put?: never;
        /**
         * Make a lease
         * @description ```sh
         *     curl localhost:8888/v1/leases -d '{"ttl":30}'
         *     curl -X PUT -d '{"value":"up","lease":"694d73e8a9e36c23"}' localhost:8888/v1/kv/hosts/a
         *     ```
         *
         *     It ends `ttl` seconds after it was made or last renewed; etcd may grant more than you ask for (a minimum of some seconds). `id`
         *     chooses its ID, for once: 409 when there is such a lease. After a 5xx with `"outcome": "unknown"` a lease may be left over, which
         *     ends by itself: do not choose the same ID again.
         *
         *     **With limited rights.** While no key, lock or election is attached to the lease, only you and administrators can see and use it:
         *     the ID that the gateway makes states its creator, so that every replica knows it. An API token is recognized by its name, an etcd
         *     user by the user name, a token of etcd by itself alone. Choosing the `id` requires `admin` or root of etcd (403).
         */
        readonly post: operations["createLease"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/leases/{id}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Look at a lease
         * @description Its time to live, and the keys that hang on it: the first 1,000 by name, and how many there are.
         *
         *     ```sh
         *     curl localhost:8888/v1/leases/694d73e8a9e36c23
         *     ```
         */
        readonly get: operations["getLease"];
        readonly put?: never;
        readonly post?: never;
        /**
         * End a lease
         * @description Deletes every key that hangs on it, and gives back every lock.
         *
         *     ```sh
         *     curl -X DELETE localhost:8888/v1/leases/694d73e8a9e36c23
         *     ```
         */
        readonly delete: operations["deleteLease"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/leases/{id}/keepalive": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Renew a lease
         * @description Gives it its full time to live again. Renew at a quarter of it, so that two renewals may fail: a lease that ended is 404, and
         *     what hung on it is gone. It takes no body.
         *
         *     ```sh
         *     curl -X POST localhost:8888/v1/leases/694d73e8a9e36c23/keepalive
         *     ```
         */
        readonly post: operations["keepLeaseAlive"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/locks/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * See who holds a lock and who waits
         * @description ```sh
         *     curl localhost:8888/v1/locks/deploy
         *     ```
         *
         *     Changes nothing. A lock that nobody holds is not a mistake: `locked` is then `false`. At most 100 waiters are shown;
         *     `queueLength` counts all of them. Clients of etcd that are not ours (`etcdctl lock`, say) hold and wait as owner `null`.
         */
        readonly get: operations["inspectLock"];
        /**
         * Acquire a lock
         * @description ```sh
         *     curl -X PUT -d '{"owner":"ci-7"}' localhost:8888/v1/locks/deploy                              # now or not at all
         *     curl -X PUT -d '{"owner":"ci-7","wait":60}' localhost:8888/v1/locks/deploy                    # wait up to a minute
         *     curl -X PUT -d '{"owner":"ci-7","mode":"shared"}' localhost:8888/v1/locks/deploy              # share it with other readers
         *     curl -X PUT -d '{"owner":"ci-7","ttl":null}' localhost:8888/v1/locks/deploy                   # until it is released
         *     ```
         *
         *     200 says that you hold it: keep the `token`, it is what renews and releases; renew every `renewEvery` seconds. 423 says that you
         *     do not: it names the `holder` and how many wait, and `Retry-After` says when to come back.
         *
         *     **Waiting.** With `wait` the request stays open and queues, first come first served. When the time is up the answer is 423 with
         *     `waited`, and you have left the queue; the same when you hang up. Queueing needs a `ttl` (or a lease) of 5 seconds or more,
         *     because a renewal can take 2 s while etcd changes its leader. Locks are not re-entrant: the same owner queues behind himself.
         *
         *     **Repeating.** When an answer was lost you do not know whether you hold the lock. Choose the `token` yourself before the first
         *     try, and send the very same request again: it joins the same holding, or keeps its place in the queue, and never makes a second
         *     one. 409 when the token is another owner's or was used in the other mode; 410 when what it stood for has ended meanwhile. Use a
         *     new token for each acquisition. With `wait: 0` such a repeat of a queued token is 423 and leaves its place alone.
         *
         *     **How long.** `ttl` seconds, unless it is renewed; it is a lower bound, since a new etcd leader starts the clocks again. With
         *     `ttl: null` the lock stays until it is released. With `lease` it lives as long as that lease of yours, together with the other
         *     keys and locks on it. The lease is renewed by you.
         */
        readonly put: operations["acquireLock"];
        readonly post?: never;
        /**
         * Release a lock
         * @description ```sh
         *     curl -X DELETE -d '{"token":"3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ"}' localhost:8888/v1/locks/deploy
         *     curl -X DELETE -H 'Lock-Token: 3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ' localhost:8888/v1/locks/deploy
         *     curl -X DELETE 'localhost:8888/v1/locks/deploy?owner=ci-7'
         *     curl -X DELETE 'localhost:8888/v1/locks/deploy?force=true'      # break it, whoever holds it
         *     ```
         *
         *     - By **token** (in the body, in the `Lock-Token` header or as `?token=`, which ends up in the logs of proxies): ends that one
         *       holding, or gives up that place in the queue.
         *     - By **owner** (in the body or as `?owner=`): ends what that owner holds at this moment; never who waits, never a later
         *       acquisition.
         *     - By **force**: ends whoever holds it; the waiters stay, and the next one has it. It is logged with the name of who did it.
         *
         *     Exactly one of them. 404 when nobody holds the lock, 409 when somebody else does. A lock on a lease of your own is released and the
         *     lease stays.
         */
        readonly delete: operations["releaseLock"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/locks": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * List the locks that are held
         * @description ```sh
         *     curl localhost:8888/v1/locks
         *     curl 'localhost:8888/v1/locks?prefix=team-a%2F&limit=10'
         *     curl 'localhost:8888/v1/locks?expires=true'                    # with the seconds that each holder has left
         *     ```
         *
         *     Locks that somebody holds or waits for, ordered by their names, in pages: when there is more, the answer has a `next`; pass it back
         *     as `next=`. All pages of one list show the locks at the same revision.
         */
        readonly get: operations["listLocks"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/locks/{name}/keepalive": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Renew a lock
         * @description ```sh
         *     curl -X POST -d '{"token":"3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ"}' localhost:8888/v1/locks/deploy/keepalive
         *     ```
         *
         *     Starts the ttl again. Call it every `renewEvery` seconds (a quarter of the ttl), so that three calls in a row may fail before the
         *     lock is lost. `expiresAt` counts from the moment at which the renewal was sent.
         *
         *     **410 means that you no longer hold it**: stop what you are doing under the lock. A renewal that comes too late is never a silent
         *     success. With `fencingToken` it is also 410 when the token holds again, but not the holding that you mean. A 503 or 504 says
         *     nothing about the lock: try again.
         *
         *     Of a lock on a lease of your own it renews that lease. A lock without a ttl answers nulls. A waiter is 409: the gateway renews it.
         */
        readonly post: operations["renewLock"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/locks/{name}/hold": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Hold a lock for as long as you stay connected
         * @description ```sh
         *     curl -N -X POST -d '{"owner":"laptop"}' localhost:8888/v1/locks/deploy/hold
         *     ```
         *
         *     The connection is the holding: nothing to renew, nothing to release. It waits its turn without limit (or `wait` seconds), tells
         *     what happens as [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html), and when it is closed, before
         *     or after `acquired`, the lock goes to the next within a second.
         *
         *     | event | data | then |
         *     |---|---|---|
         *     | `waiting` | `{"position": 2}` | your place, 1 is next; told again when the one before you went. Behind the first 200 entries it is your place when you came; `null` when etcd did not say |
         *     | `acquired` | the same as the 200 of `PUT` | you hold it until the connection ends |
         *     | `lost` | `{"reason": "ended"}` | you no longer hold it; the end |
         *     | `draining` | `{}`, or a problem for who waited | the gateway stops. What you held runs on until its ttl is over: the same request with the same `token` joins it again at another replica. A waiter has left. The end |
         *     | `timeout` | the problem that `PUT` answers with 423 | `wait` is over; the end |
         *     | `error` | a problem | the end |
         *
         *     It is as good as TCP: a connection that is closed frees the lock within a second, a silently dead one only when the system notices.
         *     With `confirmEvery: 5` you also call `keepalive` every 5 seconds; when you do not, the lock is `lost`. Choose a `token` to be able
         *     to join again over a new connection; the older one then no longer gives up the lock when it closes.
         */
        readonly post: operations["holdLock"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/locks/{name}/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Follow a lock
         * @description ```sh
         *     curl -N localhost:8888/v1/locks/deploy/events
         *     ```
         *
         *     Server-sent events named `state`, each with the whole answer of `GET /v1/locks/{name}`: one at once, then one whenever it changed, at
         *     most ten a second. There is nothing to resume: whoever connects again sees how it is now.
         *     An `error`, a problem, is the end: you may not look, or not any more.
         */
        readonly get: operations["watchLock"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/elections/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * See who leads and who stands by
         * @description ```sh
         *     curl localhost:8888/v1/elections/scheduler
         *     ```
         *
         *     `leader` is `null` when nobody leads. `candidates` are those who stand by, in the order in which they will lead; at most 100 are
         *     shown, `queueLength` counts all. Changes nothing.
         */
        readonly get: operations["getElection"];
        /**
         * Stand for election
         * @description ```sh
         *     curl -X PUT -d '{"candidate":"http://10.0.0.7:9000","ttl":10,"wait":3600}' localhost:8888/v1/elections/scheduler
         *     ```
         *
         *     200 says that you lead: renew every `renewEvery` seconds. 423 says who does. `ttl`, `wait`, `token` and `lease` mean what they mean
         *     at [`PUT /v1/locks/{name}`](#tag/Locks), and so does repeating with the same `token`; it joins the same candidacy whatever its
         *     `candidate` says, since the leader may have proclaimed something else meanwhile.
         */
        readonly put: operations["campaign"];
        readonly post?: never;
        /**
         * Resign
         * @description ```sh
         *     curl -X DELETE -d '{"token":"3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ"}' localhost:8888/v1/elections/scheduler
         *     ```
         *
         *     Ends the leadership, or the candidacy, of that token; the next candidate leads. The token goes into the body, the `Lock-Token`
         *     header, or `?token=`. 404 when nobody leads, 409 when somebody else does.
         */
        readonly delete: operations["resign"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/elections/{name}/keepalive": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Stay the leader
         * @description ```sh
         *     curl -X POST -d '{"token":"3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ"}' localhost:8888/v1/elections/scheduler/keepalive
         *     ```
         *
         *     As for locks: every `renewEvery` seconds. 410 means that you no longer lead, 409 that you do not lead yet.
         */
        readonly post: operations["renewLeadership"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/elections/{name}/proclaim": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Say something else as the leader
         * @description ```sh
         *     curl -X POST -d '{"token":"3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ","candidate":"http://10.0.0.7:9001"}' localhost:8888/v1/elections/scheduler/proclaim
         *     ```
         *
         *     Changes the leader's `candidate` text; the leadership and its `fencingToken` stay. 409 when the token does not lead.
         */
        readonly post: operations["proclaim"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/elections/{name}/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Follow an election
         * @description ```sh
         *     curl -N localhost:8888/v1/elections/scheduler/events
         *     ```
         *
         *     Server-sent events named `state`, each with the whole answer of `GET /v1/elections/{name}`: one at once, then one whenever it
         *     changed, at most ten a second. An `error`, a problem, is the end: you may not look, or not any more.
         */
        readonly get: operations["watchElection"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
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
         *
         *     `user_id` is accepted and ignored, because clients of the small lock manager send the same fields with every method.
         */
        readonly get: operations["simpleLockInspect"];
        /**
         * Take a lock
         * @description ```sh
         *     curl -X PUT -d '{"resource":"/path/to/my/file1","user_id":"user1"}' localhost:8888/
         *     ```
         *
         *     `{"succeeded":true}` when you have it now. `{"succeeded":false}` when anybody holds it, you yourself too: the lock is not
         *     re-entrant. It never waits. Whatever the content type says, the body is read as JSON.
         *
         *     Unknown fields and query parameters get 400, because a misspelled `ttl` would lock the resource indefinitely. Earlier versions
         *     ignored them.
         *
         *     Without `ttl` the lock is held until it is released. With `ttl` it expires after that many seconds.
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
    readonly "/v1/cluster": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * See the etcd behind the gateway
         * @description ```sh
         *     curl localhost:8888/v1/cluster
         *     ```
         *
         *     The members as the cluster knows them, who leads, and how those are that the gateway can reach: version, sizes in bytes, alarms.
         *     `unreachable` names the gateway's endpoints that did not answer.
         *
         *     Without a quorum `quorum` is false. The members are then those that one reachable member knows, and `leader` and `alarms` are null.
         *     The response is 503 if no member answers.
         */
        readonly get: operations["getCluster"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/compaction": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Forget old history
         * @description ```sh
         *     curl -X POST -d '{"revision":41}' localhost:8888/v1/compaction
         *     ```
         *
         *     etcd forgets every version of every key that was overwritten before that revision. Reads and watches of older revisions are 410
         *     from then on. It cannot be undone.
         */
        readonly post: operations["compact"];
        readonly delete?: never;
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
         * @description 200 when a quorum of etcd answers within 2 s. Otherwise, and while the gateway shuts down, 503 with the reason: send no traffic
         *     then. The reason counts the members that the gateway reaches: `1 of 3 members reachable: no quorum`. With
         *     `--auth=etcd` it is also 503 while etcd's authentication is not enabled.
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
    readonly "/metrics": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Numbers for Prometheus
         * @description Requests by route, calls to etcd by call and endpoint, failovers, waiters, watchers, holds, and how the process is: its memory,
         *     and how late its event loop is. In Prometheus' text format; a Grafana dashboard of them is `deploy/grafana-dashboard.json`.
         *
         *     ```sh
         *     curl localhost:8888/metrics
         *     ```
         */
        readonly get: operations["getMetrics"];
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
            readonly ttl?: components["schemas"]["LeaseTtl"];
            /** @description The lease that the key shall hang on. Not together with `ttl`. */
            readonly lease?: components["schemas"]["LeaseName"];
            readonly guard?: components["schemas"]["Guard"];
        };
        /** @description Write only while this lock is held under this fencing token; else 412 `lock-lost`. */
        readonly Guard: {
            /** @description The name of the lock. */
            readonly lock: string;
            readonly fencingToken: components["schemas"]["FencingToken"];
        };
        /**
         * Format: int64
         * @description The number that the holder got with the lock. It grows with every acquisition.
         */
        readonly FencingToken: number;
        /** @description Seconds, whole ones. */
        readonly LeaseTtl: number;
        /** @description The ID of a lease as etcdctl prints it, with or without leading zeros: from 1 to 7fffffffffffffff. */
        readonly LeaseName: string;
        readonly PutResult: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly revision: components["schemas"]["Revision"];
            readonly lease?: components["schemas"]["LeaseId"];
            /** @description With `ttl`: the seconds that etcd granted, at least what you asked for. */
            readonly ttl?: number;
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
         * Cluster
         * @description The etcd cluster as the gateway sees it.
         */
        readonly Cluster: {
            readonly clusterId: string;
            /** @description The newest revision that a reachable member reports. */
            readonly revision: number;
            /** @description False if no majority of the members answers. etcd then serves no writes and no linearizable reads. */
            readonly quorum: boolean;
            /** @description The ID of the leading member; null during an election and without a quorum. */
            readonly leader: string | null;
            readonly members: readonly {
                readonly id: string;
                readonly name: string;
                readonly peerUrls: readonly string[];
                readonly clientUrls: readonly string[];
                readonly learner: boolean;
                readonly leader: boolean;
                /** @description It reports its status at one of the gateway's endpoints. */
                readonly reachable: boolean;
                /** @description It is reachable, knows a leader and reports no error; false without a quorum. */
                readonly healthy: boolean;
                readonly version?: string;
                readonly dbSize?: number;
                readonly dbSizeInUse?: number;
                readonly raftTerm?: number;
                readonly raftIndex?: number;
                readonly errors?: readonly string[];
            }[];
            /** @description Null without a quorum, which etcd needs to read them. */
            readonly alarms: readonly {
                readonly member: string;
                readonly alarm: string;
            }[] | null;
            readonly unreachable: readonly {
                readonly endpoint: string;
                readonly reason: string;
            }[];
        };
        /**
         * Long poll
         * @description What happened, and where to go on.
         */
        readonly WatchPage: {
            readonly events: readonly components["schemas"]["WatchEvent"][];
            /** @description Pass it back as `since`; everything up to there is delivered. */
            readonly next: components["schemas"]["WatchPosition"];
        };
        /**
         * Event
         * @description One change. A deletion has no value, and 0 for what a missing key does not have.
         */
        readonly WatchEvent: {
            readonly event: components["schemas"]["ChangeKind"];
            readonly id: components["schemas"]["WatchPosition"];
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @description The value as text, or as base64 when `encoding` says so. */
            readonly value?: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly version: number;
            readonly createRevision: number;
            readonly modRevision: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
            readonly previous?: components["schemas"]["Entry"];
        };
        /**
         * Event data
         * @description The data of a `put` or `delete` event. A deletion has no value, and 0 for what a missing key does not have.
         */
        readonly WatchChange: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @description The value as text, or as base64 when `encoding` says so. */
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
        /** @description `<revision>.<n>`: the n-th event of that revision in this range is behind you; `<revision>`: all of them. */
        readonly WatchPosition: string;
        /** @description What an event stream can tell: each event with its `id`, where it has one, and its `data`, parsed. */
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
        /** @description What a stream of JSON lines can tell. */
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
            /** @description The oldest revision that can be watched; what lies between you and it is gone. */
            readonly oldestRevision: components["schemas"]["Revision"];
            /** @description The current one; a browser that reconnects goes on from there. */
            readonly revision: components["schemas"]["Revision"];
        };
        readonly OverflowNotice: {
            readonly hint: string;
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
         * @description One page of a list, in the order of the keys' bytes unless `sort` or `order` says otherwise.
         */
        readonly Page: {
            readonly items: readonly (components["schemas"]["Entry"] | components["schemas"]["KeyEntry"])[];
            /** @description With `delimiter`: the beginnings, slash included, that stand for all the keys below them. */
            readonly prefixes?: readonly string[];
            /**
             * @description There when `prefixes` are base64url, because you asked for that or because one of them is not UTF-8.
             * @enum {string}
             */
            readonly prefixEncoding?: "base64url";
            /** @description How many keys the whole range has at this revision, this page and the following ones together. */
            readonly count: number;
            readonly revision: components["schemas"]["Revision"];
            /** @description There is more. Pass it back as `next=`. */
            readonly next?: string;
        };
        /**
         * History
         * @description The versions of a key that etcd still has.
         */
        readonly History: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @description Newest first. */
            readonly versions: readonly (components["schemas"]["Entry"] | components["schemas"]["Deletion"])[];
            /** @description Older versions are there, too, and were left out because of `limit` or above 4 MiB. */
            readonly more: boolean;
            readonly revision: components["schemas"]["Revision"];
        };
        /**
         * Deletion
         * @description The key was deleted.
         */
        readonly Deletion: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @constant */
            readonly deleted: true;
            readonly modRevision: components["schemas"]["ModRevision"];
        };
        /** @description An entry, as exports write it. All but key and value may be missing. */
        readonly ImportLine: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @description The value as text, or as base64 when `encoding` says so. */
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly version?: components["schemas"]["Version"];
            readonly createRevision?: components["schemas"]["CreateRevision"];
            readonly modRevision?: components["schemas"]["ModRevision"];
            readonly lease?: components["schemas"]["LeaseId"];
        };
        /** @description What an import did. */
        readonly Imported: {
            /** @description How many lines the upload had, those that `skip` left out among them. */
            readonly lines: number;
            /** @description How many entries were written. */
            readonly written: number;
            /** @description How many were left alone because their key was there (`ifAbsent`). */
            readonly skipped: number;
            /** @description How many of the written ones had a lease where they came from, and have none now. */
            readonly leasesDropped: number;
            readonly revision: components["schemas"]["Revision"];
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
        /** @description What to compare, and what to do when all of it is true, or when not. */
        readonly TxnRequest: {
            readonly if?: components["schemas"]["TxnComparisons"];
            readonly then: components["schemas"]["TxnOperations"];
            readonly else?: components["schemas"]["TxnOperations"];
            readonly guard?: components["schemas"]["Guard"];
        };
        /** @description A transaction inside a transaction. It has no guard of its own. */
        readonly TxnNested: {
            readonly if?: components["schemas"]["TxnComparisons"];
            readonly then: components["schemas"]["TxnOperations"];
            readonly else?: components["schemas"]["TxnOperations"];
        };
        /** @description Without any, `then` is done. */
        readonly TxnComparisons: readonly components["schemas"]["TxnComparison"][];
        readonly TxnOperations: readonly components["schemas"]["TxnOperation"][];
        /**
         * @description One key, or a range (`prefix`, or `start` and `end`) of which every key has to satisfy it; exactly one of `version`,
         *     `createRevision`, `modRevision`, `value`, `lease` and `exists`.
         */
        readonly TxnComparison: {
            readonly key?: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly prefix?: components["schemas"]["TxnPrefix"];
            readonly start?: components["schemas"]["TxnStart"];
            readonly end?: components["schemas"]["TxnEnd"];
            readonly version?: components["schemas"]["TxnNumber"];
            readonly createRevision?: components["schemas"]["TxnNumber"];
            readonly modRevision?: components["schemas"]["TxnNumber"];
            /** @description The value as text, or as base64 when `encoding` says so. */
            readonly value?: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            /** @description The lease that the key hangs on; `null` = none. Only with `=` and `!=`. */
            readonly lease?: string | null;
            /** @description Whether the key exists; of a range: whether it has any key. Only with `=` and `!=`. */
            readonly exists?: boolean;
            /**
             * @description How what is there stands to what you write: `{"version": 1, "is": ">"}` = the version is greater than 1.
             * @default =
             * @enum {string}
             */
            readonly is: "=" | "!=" | "<" | ">";
        };
        /**
         * Format: int64
         * @description A number of the key; 0 = the key does not exist.
         */
        readonly TxnNumber: number;
        /** @description Instead of `key`, a text, for all keys that begin with it; or `true` beside `key`, which then is that text. */
        readonly TxnPrefix: string | boolean;
        /** @description The first key of a range, included. Empty means from the very first key. */
        readonly TxnStart: string;
        /** @description Where the range ends, not included. Without it, it goes on to the last key. */
        readonly TxnEnd: string;
        /** @description Exactly one of the four. */
        readonly TxnOperation: {
            readonly put?: components["schemas"]["TxnPut"];
            readonly get?: components["schemas"]["TxnGet"];
            readonly delete?: components["schemas"]["TxnDelete"];
            readonly txn?: components["schemas"]["TxnNested"];
        };
        readonly TxnPut: {
            readonly key: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @description The value as text, or as base64 when `encoding` says so. */
            readonly value: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            /** @description The lease that the key shall hang on; without it the key loses the one that it had. */
            readonly lease?: components["schemas"]["LeaseName"];
            /** @description Show what was there before. */
            readonly previous?: boolean;
        };
        /** @description One key, or a range in the order of its keys. */
        readonly TxnGet: {
            readonly key?: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly prefix?: components["schemas"]["TxnPrefix"];
            readonly start?: components["schemas"]["TxnStart"];
            readonly end?: components["schemas"]["TxnEnd"];
            /**
             * @description The most entries of a range to show.
             * @default 100
             */
            readonly limit: number;
            /** @description Leave the values out. */
            readonly keysOnly?: boolean;
            /** @description Only count. */
            readonly countOnly?: boolean;
        };
        /** @description One key, or a range. */
        readonly TxnDelete: {
            readonly key?: components["schemas"]["Key"];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            readonly prefix?: components["schemas"]["TxnPrefix"];
            readonly start?: components["schemas"]["TxnStart"];
            readonly end?: components["schemas"]["TxnEnd"];
            /** @description Show what was there before. Only with `key`. */
            readonly previous?: boolean;
            /** @description Has to be `true` when the prefix is empty. */
            readonly all?: boolean;
        };
        readonly TxnResult: {
            /** @description `true`: all comparisons were true, and `then` was done; `false`: `else` was. */
            readonly succeeded: boolean;
            readonly revision: components["schemas"]["Revision"];
            readonly results: components["schemas"]["TxnOperationResults"];
        };
        /** @description One for each operation of the branch that was done, in their order. */
        readonly TxnOperationResults: readonly components["schemas"]["TxnOperationResult"][];
        /** @description Called like the operation. */
        readonly TxnOperationResult: {
            readonly put?: {
                readonly revision: components["schemas"]["ModRevision"];
                /** @description What was there before, when you asked with `previous`. Missing when there was nothing. */
                readonly previous?: components["schemas"]["Entry"];
            };
            /** @description With `countOnly` the count alone. */
            readonly get?: {
                readonly items?: readonly (components["schemas"]["Entry"] | components["schemas"]["KeyEntry"])[];
                /** @description How many keys there are, also those past the limit. */
                readonly count: number;
                /** @description The range has more keys than are shown. */
                readonly more?: boolean;
            };
            readonly delete?: {
                /** @description How many keys were deleted. */
                readonly deleted: number;
                /** @description What was there before, when you asked with `previous`. Missing when there was nothing. */
                readonly previous?: components["schemas"]["Entry"];
            };
            readonly txn?: {
                readonly succeeded: boolean;
                readonly results: components["schemas"]["TxnOperationResults"];
            };
        };
        readonly LeaseRequest: {
            readonly ttl: components["schemas"]["LeaseTtl"];
            /** @description Its ID, if you want to choose it. Requires `admin` or root of etcd where rights are limited. */
            readonly id?: components["schemas"]["LeaseName"];
        };
        readonly Lease: {
            readonly id: components["schemas"]["LeaseId"];
            /** @description The seconds that etcd granted. */
            readonly ttl: number;
        };
        readonly LeaseList: {
            readonly leases: readonly {
                readonly id: components["schemas"]["LeaseId"];
            }[];
            /** @description There may be more, also when this page has fewer leases than `limit`, or none. Pass it as `next=`. */
            readonly next?: string;
        };
        readonly LeaseState: {
            readonly id: components["schemas"]["LeaseId"];
            /** @description The seconds that etcd granted. */
            readonly ttl: number;
            /** @description Seconds until it ends, unless it is renewed. */
            readonly expiresIn: number;
            /** @description The first keys that hang on it, in the order of their bytes; all as base64url when `keyEncoding` says so. */
            readonly keys: readonly string[];
            readonly keyEncoding?: components["schemas"]["KeyEncoding"];
            /** @description How many keys hang on it. */
            readonly keyCount: number;
        };
        readonly LeaseEnd: {
            readonly id: components["schemas"]["LeaseId"];
            /** @enum {boolean} */
            readonly revoked: true;
        };
        /** @description A name for people, shown to others and enough to release with. Not a secret, and not checked. */
        readonly LockOwner: string;
        /** @description What renews and releases. Whoever knows it can do both, so it is shown to nobody else. */
        readonly LockToken: string;
        /**
         * @description `exclusive` alone, or `shared` with other shared holders. An exclusive waiter is not overtaken by later shared ones.
         * @enum {string}
         */
        readonly LockMode: "exclusive" | "shared";
        /**
         * @description Seconds until it ends unless it is renewed; `null` = until it is released. At least 5 to queue.
         * @default 30
         */
        readonly LockTtl: number | null;
        /** @description Seconds, a fraction too, to wait for it. */
        readonly LockWait: number;
        /** @description The seconds that etcd granted; `null` = until it is released. */
        readonly GrantedTtl: number | null;
        /**
         * Format: date-time
         * @description When it ends unless it is renewed, by the gateway's clock; `null` without a ttl. Count `ttl` seconds yourself if clocks may differ.
         */
        readonly ExpiresAt: string | null;
        /** @description The seconds after which to renew, a quarter of the ttl: three renewals in a row may then fail. `null` without a ttl. */
        readonly RenewEvery: number | null;
        /** @description Seconds until it ends unless it is renewed; `null` without a ttl. Missing where it was not looked up. */
        readonly ExpiresIn: number | null;
        /** @description Any JSON of yours, shown to everybody who looks. Small. */
        readonly LockMetadata: unknown;
        /** @description How many wait, shown or not. */
        readonly QueueLength: number;
        readonly AcquireLockRequest: {
            readonly owner: components["schemas"]["LockOwner"];
            readonly ttl?: components["schemas"]["LockTtl"];
            readonly wait?: components["schemas"]["LockWait"];
            /** @description Your own, to repeat the request safely when its answer is lost: a new random one for each acquisition. Made for you when missing. */
            readonly token?: components["schemas"]["LockToken"];
            /** @description A lease of your own to attach it to. Not together with `ttl`. */
            readonly lease?: components["schemas"]["LeaseName"];
            readonly mode?: components["schemas"]["LockMode"];
            readonly metadata?: components["schemas"]["LockMetadata"];
        };
        readonly HoldLockRequest: {
            readonly owner: components["schemas"]["LockOwner"];
            /**
             * @description Seconds for which it outlives the gateway, should that die. At least 5; the gateway renews it while you are connected.
             * @default 30
             */
            readonly ttl: number;
            readonly wait?: components["schemas"]["LockWait"];
            /** @description Your own, to join the same holding again over a new connection. Made for you when missing. */
            readonly token?: components["schemas"]["LockToken"];
            /** @description A lease of your own to attach it to. Not together with `ttl`. */
            readonly lease?: components["schemas"]["LeaseName"];
            readonly mode?: components["schemas"]["LockMode"];
            readonly metadata?: components["schemas"]["LockMetadata"];
            /** @description You will call `keepalive` at least every so many seconds; else the lock is `lost`. */
            readonly confirmEvery?: number;
        };
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
            /** @description The holding that you mean; 410 when the token's is another. */
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
            /** @description Who holds it; `null` for a client of etcd that gives no name. */
            readonly owner: string | null;
            readonly mode: components["schemas"]["LockMode"];
            readonly fencingToken: components["schemas"]["FencingToken"];
            /** @description Through which door it came, and as whom; `null` for other clients of etcd. */
            readonly acquiredBy: string | null;
            readonly expiresIn?: components["schemas"]["ExpiresIn"];
            readonly metadata?: components["schemas"]["LockMetadata"];
        };
        readonly LockWaiter: {
            /** @description Who waits; `null` for a client of etcd that gives no name. */
            readonly owner: string | null;
            readonly mode: components["schemas"]["LockMode"];
            readonly position: components["schemas"]["QueuePosition"];
            readonly metadata?: components["schemas"]["LockMetadata"];
        };
        /** @description 1 is next. */
        readonly QueuePosition: number;
        readonly Lock: {
            readonly name: string;
            readonly locked: boolean;
            /** @description One, or several that share it; the oldest first. */
            readonly holders: readonly components["schemas"]["LockHolder"][];
            /** @description In the order in which they are served. */
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
            /** @description There is more. Pass it back as `next=`. */
            readonly next?: string;
        };
        /** @description The problem `lock-held`, with who holds it. */
        readonly LockHeldProblem: components["schemas"]["Problem"] & {
            /** @description The oldest holder. Missing when it went away in that moment. */
            readonly holder?: components["schemas"]["LockHolder"];
            readonly queueLength: components["schemas"]["QueueLength"];
            readonly waited?: components["schemas"]["Waited"];
        };
        /** @description The problem `lock-held`, with who leads. */
        readonly ElectionHeldProblem: components["schemas"]["Problem"] & {
            /** @description Missing when it went away in that moment. */
            readonly leader?: components["schemas"]["Leader"];
            readonly queueLength: components["schemas"]["QueueLength"];
            readonly waited?: components["schemas"]["Waited"];
        };
        /** @description The seconds that you waited, when a wait ran out. */
        readonly Waited: number;
        /** @description What `hold` can tell: each event with its `data`, parsed. */
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
                /**
                 * @description `ended`: the holding is gone, released, broken by force or with its lease. `expired`: it could not be renewed in time.
                 *     `unconfirmed`: you did not call `keepalive` in time.
                 * @enum {string}
                 */
                readonly reason: "ended" | "expired" | "unconfirmed";
            };
        };
        readonly DrainingEvent: {
            /** @constant */
            readonly event: "draining";
            /** @description Nothing for a holder; the problem `shutting-down` for who waited. */
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
        /** @description What `events` of a lock can tell: each event with its `data`, parsed. */
        readonly LockEvents: readonly ({
            /** @constant */
            readonly event: "state";
            readonly data: components["schemas"]["Lock"];
        } | components["schemas"]["DrainingEvent"] | components["schemas"]["ErrorEvent"])[];
        /** @description What `events` of an election can tell: each event with its `data`, parsed. */
        readonly ElectionEvents: readonly ({
            /** @constant */
            readonly event: "state";
            readonly data: components["schemas"]["Election"];
        } | components["schemas"]["DrainingEvent"] | components["schemas"]["ErrorEvent"])[];
        /** @description What the leader has to say, its address, say. It is the value of the etcd key, as `etcdctl elect` writes it. */
        readonly Candidate: string;
        readonly CampaignRequest: {
            readonly candidate: components["schemas"]["Candidate"];
            /**
             * @description Seconds until the candidacy ends unless it is renewed; never `null`. At least 5 to stand by.
             * @default 30
             */
            readonly ttl: number;
            readonly wait?: components["schemas"]["LockWait"];
            /** @description Your own, to repeat the request safely when its answer is lost: a new random one for each candidacy. Made for you when missing. */
            readonly token?: components["schemas"]["LockToken"];
            /** @description A lease of your own to attach it to. Not together with `ttl`. */
            readonly lease?: components["schemas"]["LeaseName"];
        };
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
            /** @description What the leader has to say, as text, or as base64 when `encoding` says so. */
            readonly candidate: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly fencingToken: components["schemas"]["FencingToken"];
            readonly expiresIn?: components["schemas"]["ExpiresIn"];
        };
        readonly StandingBy: {
            /** @description What it would have to say, as text, or as base64 when `encoding` says so. */
            readonly candidate: string;
            readonly encoding?: components["schemas"]["ValueEncoding"];
            readonly position: components["schemas"]["QueuePosition"];
        };
        readonly Election: {
            readonly name: string;
            readonly leader: components["schemas"]["Leader"] | null;
            /** @description Who stands by, in the order in which they will lead. */
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
        /** @description Which lock, and for whom. Unknown fields get 400. */
        readonly SimpleLockAcquireRequest: {
            readonly resource: components["schemas"]["SimpleLockResource"];
            readonly user_id: components["schemas"]["SimpleLockUser"];
            /** @description Seconds after which the lock expires. Without it, or with `null`, the lock is held until it is released. */
            readonly ttl?: number | null;
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
        readonly ErrorCode: "invalid-request" | "future-revision" | "unauthenticated" | "permission-denied" | "reserved-prefix" | "foreign-origin" | "key-not-found" | "lock-not-found" | "lease-not-found" | "not-found" | "method-not-allowed" | "not-acceptable" | "request-timeout" | "not-holder" | "already-exists" | "revision-compacted" | "lock-expired" | "precondition-failed" | "lock-lost" | "too-large" | "unsupported-media-type" | "misdirected-request" | "lock-held" | "upgrade-refused" | "too-many-requests" | "headers-too-large" | "internal-error" | "etcd-refused" | "etcd-unavailable" | "no-leader" | "out-of-space" | "shutting-down" | "timeout";
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
                readonly "application/json": components["schemas"]["PutResult"];
            };
        };
        /** @description The key, or its history. */
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
                readonly "application/json": components["schemas"]["Entry"] | components["schemas"]["History"];
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
        /** @description One page of the list, its count, or all of it as lines; with `?key=` the one key, as at `GET /v1/kv/{key}`. */
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
                readonly "application/json": components["schemas"]["Page"] | components["schemas"]["Count"] | components["schemas"]["Entry"] | components["schemas"]["History"];
                /**
                 * @example {"key":"app/a","value":"1","version":1,"createRevision":3,"modRevision":3}
                 *     {"key":"app/b","value":"AAH/","encoding":"base64","version":4,"createRevision":4,"modRevision":9}
                 */
                readonly "application/x-ndjson": string;
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
        /** @description Which branch was done, and what came of each of its operations, in their order. */
        readonly Transacted: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["TxnResult"];
            };
        };
        /** @description The lease, and how long it lives from now on unless it is renewed. */
        readonly LeaseGranted: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "id": "694d73e8a9e36c23",
                 *       "ttl": 30
                 *     }
                 */
                readonly "application/json": components["schemas"]["Lease"];
            };
        };
        /** @description One page of leases. */
        readonly LeasesListed: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "leases": [
                 *         {
                 *           "id": "694d73e8a9e36c23"
                 *         }
                 *       ]
                 *     }
                 */
                readonly "application/json": components["schemas"]["LeaseList"];
            };
        };
        /** @description The lease. */
        readonly LeaseFound: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "id": "694d73e8a9e36c23",
                 *       "ttl": 30,
                 *       "expiresIn": 24,
                 *       "keys": [
                 *         "hosts/a",
                 *         "locks/deploy/694d73e8a9e36c23"
                 *       ],
                 *       "keyCount": 2
                 *     }
                 */
                readonly "application/json": components["schemas"]["LeaseState"];
            };
        };
        /** @description The lease has ended, and everything that hung on it. */
        readonly LeaseEnded: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "id": "694d73e8a9e36c23",
                 *       "revoked": true
                 *     }
                 */
                readonly "application/json": components["schemas"]["LeaseEnd"];
            };
        };
        /** @description Released. */
        readonly Released: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "released": true
                 *     }
                 */
                readonly "application/json": components["schemas"]["Released"];
            };
        };
        /** @description Renewed; you hold it, and `fencingToken` says which holding it is. Without a ttl the other two are `null`. */
        readonly RenewedLock: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["RenewedLock"];
            };
        };
        /**
         * @description Somebody else holds it (`lock-held`): `holder` says who, `queueLength` how many wait, and `waited` how many seconds you did, when a
         *     wait ran out.
         */
        readonly LockHeld: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Retry-After": components["headers"]["Retry-After"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:lock-held",
                 *       "title": "The lock is held",
                 *       "status": 423,
                 *       "detail": "lock \"deploy\" is held by ci-7",
                 *       "code": "lock-held",
                 *       "hint": "pass a longer wait, or repeat the request later",
                 *       "requestId": "5b2f6f0c9a",
                 *       "holder": {
                 *         "owner": "ci-7",
                 *         "mode": "exclusive",
                 *         "fencingToken": 42,
                 *         "acquiredBy": "v1:anonymous"
                 *       },
                 *       "queueLength": 3,
                 *       "waited": 60
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["LockHeldProblem"];
            };
        };
        /**
         * @description Somebody else leads (`lock-held`): `leader` says who, `queueLength` how many stand by, and `waited` how many seconds you did, when a
         *     wait ran out.
         */
        readonly ElectionHeld: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Retry-After": components["headers"]["Retry-After"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:lock-held",
                 *       "title": "The lock is held",
                 *       "status": 423,
                 *       "detail": "election \"scheduler\" is led by http://10.0.0.7:9000",
                 *       "code": "lock-held",
                 *       "hint": "pass wait to stand by",
                 *       "requestId": "5b2f6f0c9a",
                 *       "leader": {
                 *         "candidate": "http://10.0.0.7:9000",
                 *         "fencingToken": 42
                 *       },
                 *       "queueLength": 1
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["ElectionHeldProblem"];
            };
        };
        /**
         * @description Nobody holds it (`lock-not-found`); also when a holding has ended already. Or a slash in the name is not written as `%2F`
         *     (`not-found`).
         */
        readonly LockNotFound: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:lock-not-found",
                 *       "title": "The lock is not held",
                 *       "status": 404,
                 *       "detail": "nobody holds lock \"deploy\"",
                 *       "code": "lock-not-found",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such lease (`lease-not-found`), or a slash in the name is not written as `%2F` (`not-found`). */
        readonly LeaseOrPathNotFound: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:lease-not-found",
                 *       "title": "The lease does not exist",
                 *       "status": 404,
                 *       "detail": "there is no lease 326963a02758b527",
                 *       "code": "lease-not-found",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is nothing at this path (`not-found`); a slash in a name is written `%2F`. */
        readonly LockPathNotFound: {
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
                 *       "hint": "a slash in a name is written %2F",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description You do not hold it (`not-holder`), or do not lead; `holder` or `leader` says who does, when somebody does. */
        readonly NotHolder: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:not-holder",
                 *       "title": "The caller does not hold it",
                 *       "status": 409,
                 *       "detail": "lock \"deploy\" is held by somebody else",
                 *       "code": "not-holder",
                 *       "requestId": "5b2f6f0c9a",
                 *       "holder": {
                 *         "owner": "ci-7",
                 *         "mode": "exclusive",
                 *         "fencingToken": 42,
                 *         "acquiredBy": "v1:anonymous"
                 *       }
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The token belongs to another acquisition (`already-exists`), of another owner or in the other mode. */
        readonly TokenInUse: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:already-exists",
                 *       "title": "It exists already",
                 *       "status": 409,
                 *       "detail": "this token was used by another owner",
                 *       "code": "already-exists",
                 *       "hint": "use a new token for each acquisition",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It has ended (`lock-expired`), by its ttl, its lease or by force. Whoever held it holds it no longer. */
        readonly LockExpired: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:lock-expired",
                 *       "title": "The lock has expired",
                 *       "status": 410,
                 *       "code": "lock-expired",
                 *       "hint": "stop what runs under the lock, then acquire it again with a new token",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
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
        /** @description The gateway asks who you are, and nothing of this request has reached etcd. */
        readonly Unauthenticated: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                /** @description How to say it. */
                readonly "WWW-Authenticate"?: string;
                readonly [name: string]: unknown;
            };
            content: {
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
        /** @description There is no such lease (`lease-not-found`); a renewal that comes too late finds none either. */
        readonly LeaseNotFound: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:lease-not-found",
                 *       "title": "The lease does not exist",
                 *       "status": 404,
                 *       "detail": "there is no lease 694d73e8a9e36c23",
                 *       "code": "lease-not-found",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is a lease with this ID (`already-exists`). */
        readonly LeaseExists: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:already-exists",
                 *       "title": "It exists already",
                 *       "status": 409,
                 *       "detail": "etcd says: lease already exists",
                 *       "code": "already-exists",
                 *       "requestId": "5b2f6f0c9a"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The guard's lock is not held under that fencing token (`lock-lost`); nothing was done. */
        readonly LockLost: {
            headers: {
                readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:lock-lost",
                 *       "title": "The lock is no longer held",
                 *       "status": 412,
                 *       "detail": "the holding of the lock \"deploy\" with the fencing token 42 is over; nothing was written",
                 *       "code": "lock-lost",
                 *       "hint": "take the lock again, and write with the fencing token of that answer",
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
        /**
         * @description Nothing was changed. `If-Match` or `If-None-Match` did not hold (`precondition-failed`; `current` is what is there now), or the
         *     guard's lock is not held under that fencing token (`lock-lost`).
         */
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
        /**
         * @description The body, or the write that it requests, is larger than allowed (`too-large`). `hint` names the limit. A value may have
         *     `--body-limit` bytes after decoding; escapes may make its body six times as long. Bodies without a value may have 65,536 bytes,
         *     plus six times `--lock-metadata-limit` where a lock is taken.
         */
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
                 *       "detail": "the body is larger than 65536 bytes",
                 *       "hint": "this operation takes at most 65536 bytes",
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
        /** @description For a body of bytes: seconds after which the key ends, on a new lease. */
        readonly Ttl: components["schemas"]["LeaseTtl"];
        /** @description For a body of bytes: the lease that the key shall hang on. Not together with `ttl`. */
        readonly Lease: components["schemas"]["LeaseName"];
        /** @description Do it only while this lock is held under the fencing token `guardToken`. Else 412 `lock-lost`. */
        readonly GuardLock: string;
        /** @description The fencing token under which the lock `guardLock` has to be held. */
        readonly GuardToken: components["schemas"]["FencingToken"];
        /**
         * @description The lease, with or without its leading zeros.
         * @example 694d73e8a9e36c23
         */
        readonly PathLease: string;
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
        /** @description What to order by, `key` unless said otherwise. Anything else gives one page. */
        readonly Sort: "key" | "create" | "mod" | "version";
        /** @description Ascending unless said otherwise. */
        readonly Order: "asc" | "desc";
        /** @description List one level only, as in a folder. Not together with `sort` or `order=desc`. */
        readonly Delimiter: "/";
        /** @description Show all versions of the key that etcd still has. Only for one key. */
        readonly History: boolean;
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
        /**
         * @description The name of the lock, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode it.
         *     With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and gets
         *     400. The lock does not need to exist.
         * @example deploy
         */
        readonly LockName: string;
        /**
         * @description The name of the election, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode
         *     it. With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and
         *     gets 400.
         * @example scheduler
         */
        readonly ElectionName: string;
        /** @description The token, when the request has no body. Proxies log what stands here; the header is safer. */
        readonly TokenQuery: components["schemas"]["LockToken"];
        /** @description The token, when the request has no body. */
        readonly TokenHeader: components["schemas"]["LockToken"];
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
                /** @description Show all versions of the key that etcd still has. Only for one key. */
                readonly history?: components["parameters"]["History"];
                /** @description The most keys that one page may have. */
                readonly limit?: components["parameters"]["Limit"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
                /** @description For a body of bytes: seconds after which the key ends, on a new lease. */
                readonly ttl?: components["parameters"]["Ttl"];
                /** @description For a body of bytes: the lease that the key shall hang on. Not together with `ttl`. */
                readonly lease?: components["parameters"]["Lease"];
                /** @description Do it only while this lock is held under the fencing token `guardToken`. Else 412 `lock-lost`. */
                readonly guardLock?: components["parameters"]["GuardLock"];
                /** @description The fencing token under which the lock `guardLock` has to be held. */
                readonly guardToken?: components["parameters"]["GuardToken"];
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
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseNotFound"];
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
                /** @description Do it only while this lock is held under the fencing token `guardToken`. Else 412 `lock-lost`. */
                readonly guardLock?: components["parameters"]["GuardLock"];
                /** @description The fencing token under which the lock `guardLock` has to be held. */
                readonly guardToken?: components["parameters"]["GuardToken"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
                /** @description What to order by, `key` unless said otherwise. Anything else gives one page. */
                readonly sort?: components["parameters"]["Sort"];
                /** @description Ascending unless said otherwise. */
                readonly order?: components["parameters"]["Order"];
                /** @description List one level only, as in a folder. Not together with `sort` or `order=desc`. */
                readonly delimiter?: components["parameters"]["Delimiter"];
                /** @description Show all versions of the key that etcd still has. Only for one key. */
                readonly history?: components["parameters"]["History"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
                /** @description For a body of bytes: seconds after which the key ends, on a new lease. */
                readonly ttl?: components["parameters"]["Ttl"];
                /** @description For a body of bytes: the lease that the key shall hang on. Not together with `ttl`. */
                readonly lease?: components["parameters"]["Lease"];
                /** @description Do it only while this lock is held under the fencing token `guardToken`. Else 412 `lock-lost`. */
                readonly guardLock?: components["parameters"]["GuardLock"];
                /** @description The fencing token under which the lock `guardLock` has to be held. */
                readonly guardToken?: components["parameters"]["GuardToken"];
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
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseNotFound"];
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
                /** @description Do it only while this lock is held under the fencing token `guardToken`. Else 412 `lock-lost`. */
                readonly guardLock?: components["parameters"]["GuardLock"];
                /** @description The fencing token under which the lock `guardLock` has to be held. */
                readonly guardToken?: components["parameters"]["GuardToken"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
    readonly importKeys: {
        readonly parameters: {
            readonly query?: {
                /** @description Leave keys alone that exist already. */
                readonly ifAbsent?: boolean;
                /** @description So many lines from the beginning are done already and not looked at. */
                readonly skip?: number;
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
        /** @description One `ImportLine` a line. Empty lines are skipped. */
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {"key":"app/a","value":"1","version":1,"createRevision":3,"modRevision":3}
                 *     {"key":"app/b","value":"AAH/","encoding":"base64"}
                 */
                readonly "application/x-ndjson": string;
            };
        };
        readonly responses: {
            /** @description All of it is written. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly "Etcd-Revision": components["headers"]["Etcd-Revision"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "lines": 2,
                     *       "written": 2,
                     *       "skipped": 0,
                     *       "leasesDropped": 0,
                     *       "revision": 44
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Imported"];
                };
            };
            /** @description A line is not valid (`invalid-request`); `line` says which, and what is in front of it may be written. */
            readonly 400: {
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
                     *       "detail": "line 217: the body is not JSON: it ends too early",
                     *       "code": "invalid-request",
                     *       "hint": "go on with ?skip=200",
                     *       "requestId": "5b2f6f0c9a",
                     *       "errors": [
                     *         {
                     *           "pointer": "",
                     *           "detail": "the body is not JSON: it ends too early"
                     *         }
                     *       ],
                     *       "line": 217,
                     *       "lines": 200,
                     *       "written": 200,
                     *       "skipped": 0,
                     *       "leasesDropped": 0
                     *     }
                     */
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 408: components["responses"]["RequestTooSlow"];
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
    readonly transact: {
        readonly parameters: {
            readonly query?: {
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
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
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["TxnRequest"];
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["Transacted"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseNotFound"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 412: components["responses"]["LockLost"];
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
    readonly watchKeys: {
        readonly parameters: {
            readonly query?: {
                /** @description One key. Not together with a range. */
                readonly key?: string;
                /**
                 * @description Keys that begin with this text. Not together with `start` and `end`.
                 * @example app/
                 */
                readonly prefix?: string;
                /** @description The first key of the range, included. Empty means from the very first key. */
                readonly start?: components["parameters"]["Start"];
                /** @description Where the range ends, not included. Without it, it goes on to the last key. */
                readonly end?: components["parameters"]["End"];
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
                /** @description Where you are, a revision (`41`) or the id of an event (`41.3`); only what comes behind it is sent. */
                readonly since?: string;
                /** @description Events also carry what was there before. */
                readonly previous?: boolean;
                /**
                 * @description Seconds to wait at most; makes it a long poll.
                 * @example 5
                 */
                readonly wait?: number;
                /** @description The same as `Last-Event-ID`. Implementations of `EventSource` that cannot set headers send it when they reconnect. Wins over `since`. */
                readonly lastEventId?: string;
            };
            readonly header?: {
                /** @description The id of the last event that a reconnecting browser saw. Wins over `lastEventId` and `since`. */
                readonly "Last-Event-ID"?: string;
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The stream, or the answer of a long poll. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "events": [
                     *         {
                     *           "event": "put",
                     *           "id": "42.1",
                     *           "key": "app/db",
                     *           "value": "postgres://db",
                     *           "version": 1,
                     *           "createRevision": 42,
                     *           "modRevision": 42
                     *         }
                     *       ],
                     *       "next": "42.1"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["WatchPage"];
                    /**
                     * @example id: 41
                     *     :
                     *
                     *     event: put
                     *     id: 42.1
                     *     data: {"key":"app/db","value":"postgres://db","version":1,"createRevision":42,"modRevision":42}
                     */
                    readonly "text/event-stream": string;
                    /**
                     * @example {"event":"heartbeat","id":"41"}
                     *     {"event":"put","id":"42.1","key":"app/db","value":"postgres://db","version":1,"createRevision":42,"modRevision":42}
                     */
                    readonly "application/x-ndjson": string;
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
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
    readonly listLeases: {
        readonly parameters: {
            readonly query?: {
                /** @description The most leases that one page may have. */
                readonly limit?: number;
                /** @description The `next` of the page before. Leases come and go between two pages. */
                readonly next?: string;
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
            readonly 200: components["responses"]["LeasesListed"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly createLease: {
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
                readonly "application/json": components["schemas"]["LeaseRequest"];
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["LeaseGranted"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["LeaseExists"];
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
    readonly getLease: {
        readonly parameters: {
            readonly query?: {
                /**
                 * @description For keys that are not UTF-8: every key in the request (`key`, also in the path, `prefix`, `start`, `end`) is base64url, and so
                 *     is every key in the answer.
                 */
                readonly keyEncoding?: components["parameters"]["KeyEncoding"];
            };
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The lease, with or without its leading zeros.
                 * @example 694d73e8a9e36c23
                 */
                readonly id: components["parameters"]["PathLease"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["LeaseFound"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseNotFound"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly deleteLease: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The lease, with or without its leading zeros.
                 * @example 694d73e8a9e36c23
                 */
                readonly id: components["parameters"]["PathLease"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["LeaseEnded"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseNotFound"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly keepLeaseAlive: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The lease, with or without its leading zeros.
                 * @example 694d73e8a9e36c23
                 */
                readonly id: components["parameters"]["PathLease"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["LeaseGranted"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseNotFound"];
            readonly 405: components["responses"]["MethodNotAllowed"];
            readonly 408: components["responses"]["RequestTooSlow"];
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
    readonly inspectLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the lock, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode it.
                 *     With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and gets
                 *     400. The lock does not need to exist.
                 * @example deploy
                 */
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The lock, its holders and its queue. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Lock"];
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockPathNotFound"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly acquireLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the lock, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode it.
                 *     With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and gets
                 *     400. The lock does not need to exist.
                 * @example deploy
                 */
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["AcquireLockRequest"];
            };
        };
        readonly responses: {
            /** @description You hold it. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AcquiredLock"];
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseOrPathNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["TokenInUse"];
            readonly 410: components["responses"]["LockExpired"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["UnsupportedMediaType"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 423: components["responses"]["LockHeld"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly releaseLock: {
        readonly parameters: {
            readonly query?: {
                /** @description The token, when the request has no body. Proxies log what stands here; the header is safer. */
                readonly token?: components["parameters"]["TokenQuery"];
                /** @description Whose holdings to end, when the request has no body. */
                readonly owner?: components["schemas"]["LockOwner"];
                /** @description Break the lock, whoever holds it. */
                readonly force?: boolean;
            };
            readonly header?: {
                /** @description The token, when the request has no body. */
                readonly "Lock-Token"?: components["parameters"]["TokenHeader"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the lock, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode it.
                 *     With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and gets
                 *     400. The lock does not need to exist.
                 * @example deploy
                 */
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Released"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["NotHolder"];
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
    readonly listLocks: {
        readonly parameters: {
            readonly query?: {
                /** @description Only locks whose names begin with this text. Here a slash may stand as it is. */
                readonly prefix?: string;
                /** @description The most locks that one page may have. */
                readonly limit?: number;
                /** @description The `next` of the page before. Opaque; take it as it is and keep the range the same. */
                readonly next?: components["parameters"]["Next"];
                /** @description Add `expiresIn` to the holders. It costs etcd one more read for each, so it is not the default. */
                readonly expires?: boolean;
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
            /** @description One page of locks. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "locks": [
                     *         {
                     *           "name": "deploy",
                     *           "locked": true,
                     *           "holders": [
                     *             {
                     *               "owner": "ci-7",
                     *               "mode": "exclusive",
                     *               "fencingToken": 42,
                     *               "acquiredBy": "v1:anonymous"
                     *             }
                     *           ],
                     *           "queueLength": 1
                     *         }
                     *       ],
                     *       "next": "eyJrIjoibG9ja3MvZGVwbG95MCJ9"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["LockList"];
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 410: components["responses"]["RevisionCompacted"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly renewLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the lock, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode it.
                 *     With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and gets
                 *     400. The lock does not need to exist.
                 * @example deploy
                 */
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "token": "3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ",
                 *       "fencingToken": 42
                 *     }
                 */
                readonly "application/json": components["schemas"]["RenewLockRequest"];
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["RenewedLock"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockPathNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["NotHolder"];
            readonly 410: components["responses"]["LockExpired"];
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
    readonly holdLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the lock, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode it.
                 *     With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and gets
                 *     400. The lock does not need to exist.
                 * @example deploy
                 */
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["HoldLockRequest"];
            };
        };
        readonly responses: {
            /** @description The stream of what happens. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: waiting
                     *     data: {"position":1}
                     *
                     *     event: acquired
                     *     data: {"name":"deploy","owner":"laptop","mode":"exclusive","token":"3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ","fencingToken":42,"ttl":30,"expiresAt":"2026-11-20T12:00:30.000Z","renewEvery":7.5}
                     */
                    readonly "text/event-stream": string;
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseOrPathNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["TokenInUse"];
            readonly 410: components["responses"]["LockExpired"];
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
    readonly watchLock: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the lock, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode it.
                 *     With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and gets
                 *     400. The lock does not need to exist.
                 * @example deploy
                 */
                readonly name: components["parameters"]["LockName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The stream of states. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: state
                     *     data: {"name":"deploy","locked":false,"holders":[],"waiters":[],"queueLength":0}
                     */
                    readonly "text/event-stream": string;
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockPathNotFound"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly getElection: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the election, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode
                 *     it. With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and
                 *     gets 400.
                 * @example scheduler
                 */
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The election. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Election"];
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockPathNotFound"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly campaign: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the election, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode
                 *     it. With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and
                 *     gets 400.
                 * @example scheduler
                 */
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "candidate": "http://10.0.0.7:9000",
                 *       "ttl": 10,
                 *       "wait": 3600
                 *     }
                 */
                readonly "application/json": components["schemas"]["CampaignRequest"];
            };
        };
        readonly responses: {
            /** @description You lead. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "scheduler",
                     *       "candidate": "http://10.0.0.7:9000",
                     *       "token": "3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ",
                     *       "fencingToken": 42,
                     *       "ttl": 10,
                     *       "expiresAt": "2026-11-20T12:00:10.000Z",
                     *       "renewEvery": 2.5
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Leadership"];
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LeaseOrPathNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["TokenInUse"];
            readonly 410: components["responses"]["LockExpired"];
            readonly 413: components["responses"]["TooLarge"];
            readonly 415: components["responses"]["UnsupportedMediaType"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 423: components["responses"]["ElectionHeld"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly resign: {
        readonly parameters: {
            readonly query?: {
                /** @description The token, when the request has no body. Proxies log what stands here; the header is safer. */
                readonly token?: components["parameters"]["TokenQuery"];
            };
            readonly header?: {
                /** @description The token, when the request has no body. */
                readonly "Lock-Token"?: components["parameters"]["TokenHeader"];
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the election, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode
                 *     it. With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and
                 *     gets 400.
                 * @example scheduler
                 */
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Released"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["NotHolder"];
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
    readonly renewLeadership: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the election, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode
                 *     it. With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and
                 *     gets 400.
                 * @example scheduler
                 */
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "token": "3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ"
                 *     }
                 */
                readonly "application/json": components["schemas"]["RenewLockRequest"];
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["RenewedLock"];
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockPathNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["NotHolder"];
            readonly 410: components["responses"]["LockExpired"];
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
    readonly proclaim: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Seconds, a fraction too, after which you no longer want an answer. It can only shorten the gateway's own limit. */
                readonly "Request-Timeout"?: components["parameters"]["RequestTimeout"];
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the election, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode
                 *     it. With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and
                 *     gets 400.
                 * @example scheduler
                 */
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "token": "3mJrQm6X1o0cP0oWn2Hk5T9cIu7yq4sZ",
                 *       "candidate": "http://10.0.0.7:9001"
                 *     }
                 */
                readonly "application/json": components["schemas"]["ProclaimRequest"];
            };
        };
        readonly responses: {
            /** @description Proclaimed. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "scheduler",
                     *       "candidate": "http://10.0.0.7:9001",
                     *       "fencingToken": 42
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Proclamation"];
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockPathNotFound"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 409: components["responses"]["NotHolder"];
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
    readonly watchElection: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Your own name for this request, for logs; it comes back in the answer. One that does not fit is replaced. */
                readonly "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            readonly path: {
                /**
                 * @description The name of the election, 1 to 512 bytes of UTF-8 without NUL. Type the name plainly here and in generated clients: they encode
                 *     it. With curl, write a slash as `%2F` and `%` as `%25`. A name that contains `%2F` after decoding was percent-encoded twice and
                 *     gets 400.
                 * @example scheduler
                 */
                readonly name: components["parameters"]["ElectionName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The stream of states. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: state
                     *     data: {"name":"scheduler","leader":null,"candidates":[],"queueLength":0}
                     */
                    readonly "text/event-stream": string;
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["LockPathNotFound"];
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
                /** @description Ignored. */
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
            readonly 401: components["responses"]["Unauthenticated"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
            readonly 401: components["responses"]["Unauthenticated"];
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
    readonly getCluster: {
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
        readonly requestBody?: never;
        readonly responses: {
            /** @description The cluster now. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Cluster"];
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 500: components["responses"]["InternalError"];
            readonly 502: components["responses"]["EtcdRefused"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["TimeIsUp"];
        };
    };
    readonly compact: {
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
                 *       "revision": 1
                 *     }
                 */
                readonly "application/json": {
                    /** @description The oldest revision that stays readable. */
                    readonly revision: number;
                };
            };
        };
        readonly responses: {
            /** @description Done. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "revision": 41
                     *     }
                     */
                    readonly "application/json": {
                        readonly revision: number;
                    };
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 408: components["responses"]["RequestTooSlow"];
            readonly 410: components["responses"]["RevisionCompacted"];
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
            readonly 503: components["responses"]["Unavailable"];
        };
    };
    readonly getMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description All numbers. */
            readonly 200: {
                headers: {
                    readonly "X-Request-Id": components["headers"]["X-Request-Id"];
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example # HELP latchkey_lock_waiters Callers that wait for a lock or an election at this gateway.
                     *     # TYPE latchkey_lock_waiters gauge
                     *     latchkey_lock_waiters 0
                     */
                    readonly "text/plain": string;
                };
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 500: components["responses"]["InternalError"];
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
                    readonly "application/yaml": Record<string, never>;
                };
            };
            /** @description You have it already (`If-None-Match`). */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly 400: components["responses"]["InvalidRequest"];
            readonly 401: components["responses"]["Unauthenticated"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly 421: components["responses"]["MisdirectedRequest"];
            readonly 429: components["responses"]["TooManyRequests"];
        };
    };
}
