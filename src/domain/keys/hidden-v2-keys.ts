// An etcd client that hides the markers of v2 directories from reads and counts. Markers lie among other keys, so no range excludes them.
// The count of a page that is not the last one includes them.
import type { Caller } from '../../core/caller.js';
import type { EtcdClient } from '../../etcd/client.js';
import { passThrough } from '../../etcd/pass-through.js';
import type {
  RangeRequest,
  RangeResponse,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from '../../etcd/wire.js';
import { isV2InternalKey } from '../reserved.js';
import { V2_EVENT_RECORD_KEY } from '../v2-private-keys.js';

/** A count of more keys than this includes markers: to exclude them, every key would have to be read. */
const COUNTED_MAX = 2_000;
/** How long a store without v2 directories is assumed to have none. */
const UNUSED_FOR_MS = 5_000;

/** Returns the client with markers removed from its ranges, alone and in transactions. */
export function hideV2InternalKeys(etcd: EtcdClient): EtcdClient {
  const reader = new V2MarkerFilter(etcd);
  return {
    range: (caller, request) => reader.range(caller, request),
    txn: (caller, request) => reader.txn(caller, request),
    ...passThrough(etcd, [
      'put',
      'deleteRange',
      'leaseGrant',
      'leaseRevoke',
      'leaseKeepAlive',
      'leaseTimeToLive',
      'leaseLeases',
      'userRoles',
      'userList',
      'compact',
      'members',
      'membersAt',
      'memberAdd',
      'memberUpdate',
      'memberRemove',
      'alarms',
      'statuses',
      'version',
      'status',
      'health',
    ]),
  };
}

class V2MarkerFilter {
  readonly #etcd: EtcdClient;
  #isUsed = false;
  /** `performance.now()`, milliseconds. */
  #checkAgainAt = 0;

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  async range(caller: Caller, request: RangeRequest): Promise<RangeResponse> {
    const result = await this.#etcd.range(caller, request);
    return this.#filterRange(caller, request, result, request.revision ?? result.header.revision);
  }

  async txn(caller: Caller, request: TxnRequest): Promise<TxnResponse> {
    const result = await this.#etcd.txn(caller, request);
    return this.#filterTxn(caller, request, result, result.header.revision);
  }

  async #filterTxn<T extends Pick<TxnResponse, 'succeeded' | 'responses'>>(
    caller: Caller,
    request: TxnRequest,
    result: T,
    revision: number,
  ): Promise<T> {
    const requested = result.succeeded ? request.success : request.failure;
    const responses = await Promise.all(
      result.responses.map(async (response, index): Promise<ResponseOp> => {
        const op = requested[index];
        if (response.kind === 'range' && op?.kind === 'range') {
          const at = op.range.revision ?? revision;
          return {
            kind: 'range',
            range: await this.#filterRange(caller, op.range, response.range, at),
          };
        }
        if (response.kind === 'txn' && op?.kind === 'txn')
          return {
            kind: 'txn',
            txn: await this.#filterTxn(caller, op.txn, response.txn, revision),
          };
        return response;
      }),
    );
    return { ...result, responses };
  }

  async #filterRange(
    caller: Caller,
    request: RangeRequest,
    result: RangeResponse,
    revision: number,
  ): Promise<RangeResponse> {
    if (request.rangeEnd === undefined || result.count === 0) return result;
    const isWhole = request.countOnly !== true && !result.more;
    const kvs = result.kvs.filter(({ key }) => !isV2InternalKey(key));
    if (isWhole) {
      const hidden = result.kvs.length - kvs.length;
      return hidden === 0 ? result : { ...result, kvs, count: result.count - hidden };
    }
    const filled =
      kvs.length === result.kvs.length
        ? { kvs: result.kvs, more: result.more }
        : await this.#fill(caller, request, result, revision);
    const isCount = request.countOnly === true;
    const hidden = isCount ? await this.#countMarkers(caller, request, result.count, revision) : 0;
    return { ...result, count: result.count - hidden, ...filled };
  }

  /** Reads until `limit` visible keys are found, so that no page before the last one is empty. */
  async #fill(
    caller: Caller,
    request: RangeRequest,
    first: RangeResponse,
    revision: number,
  ): Promise<Partial<RangeResponse>> {
    const limit = request.limit ?? 0;
    for (let extra = 2 * (first.kvs.length + 1), result = first; ; extra *= 2) {
      const kvs = result.kvs.filter(({ key }) => !isV2InternalKey(key));
      if (kvs.length >= limit || !result.more) {
        // The whole range was read, so the count of its visible keys is exact.
        const seen = result.more ? {} : { count: kvs.length };
        return { kvs: kvs.slice(0, limit), more: result.more || kvs.length > limit, ...seen };
      }
      result = await this.#etcd.range(caller, { ...request, limit: limit + extra, revision });
    }
  }

  async #countMarkers(
    caller: Caller,
    { key, rangeEnd, serializable }: RangeRequest,
    count: number,
    revision: number,
  ): Promise<number> {
    if (count > COUNTED_MAX || !(await this.#isV2Used(caller))) return 0;
    const range = { key, rangeEnd, keysOnly: true, revision, serializable };
    const { kvs } = await this.#etcd.range(caller, range);
    return kvs.filter((kv) => isV2InternalKey(kv.key)).length;
  }

  /** Every write through the v2 API updates the event record. True also for a client that may not read the record. */
  async #isV2Used(caller: Caller): Promise<boolean> {
    if (this.#isUsed || performance.now() < this.#checkAgainAt) return this.#isUsed;
    const isUsed = await this.#etcd
      .range(caller, { key: V2_EVENT_RECORD_KEY, countOnly: true })
      .then(({ count }) => count > 0)
      .catch(() => true);
    this.#isUsed ||= isUsed;
    if (!isUsed) this.#checkAgainAt = performance.now() + UNUSED_FOR_MS;
    return isUsed;
  }
}
