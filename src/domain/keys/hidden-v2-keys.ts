// The etcd client as the doors see it to which the markers of v2 directories do not exist: they are left out of what is read and counted.
// They lie among other keys, so that no range goes around them. The count beside a page that is not the last one includes them.
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
import { isMarker } from '../reserved.js';
import { V2_EVENT_RECORD_KEY } from '../v2-private-keys.js';

/** A count of more keys than this includes the markers among them: to tell them apart each key would have to be read. */
const COUNTED_MAX = 2_000;
/** A store that has no v2 directories yet is asked again after this. */
const UNUSED_FOR_MS = 5_000;

/** The same client; only ranges are read differently, alone and in transactions. */
export function hideV2InternalKeys(etcd: EtcdClient): EtcdClient {
  const reader = new VisibleReader(etcd);
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

class VisibleReader {
  readonly #etcd: EtcdClient;
  #isUsed = false;
  /** `performance.now()`, milliseconds. */
  #askAgainAt = 0;

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  async range(caller: Caller, request: RangeRequest): Promise<RangeResponse> {
    const answer = await this.#etcd.range(caller, request);
    return this.#reveal(caller, request, answer, request.revision ?? answer.header.revision);
  }

  async txn(caller: Caller, request: TxnRequest): Promise<TxnResponse> {
    const answer = await this.#etcd.txn(caller, request);
    return this.#revealTxn(caller, request, answer, answer.header.revision);
  }

  async #revealTxn<T extends Pick<TxnResponse, 'succeeded' | 'responses'>>(
    caller: Caller,
    request: TxnRequest,
    answer: T,
    revision: number,
  ): Promise<T> {
    const asked = answer.succeeded ? request.success : request.failure;
    const responses = await Promise.all(
      answer.responses.map(async (response, index): Promise<ResponseOp> => {
        const op = asked[index];
        if (response.kind === 'range' && op?.kind === 'range') {
          const at = op.range.revision ?? revision;
          return { kind: 'range', range: await this.#reveal(caller, op.range, response.range, at) };
        }
        if (response.kind === 'txn' && op?.kind === 'txn')
          return {
            kind: 'txn',
            txn: await this.#revealTxn(caller, op.txn, response.txn, revision),
          };
        return response;
      }),
    );
    return { ...answer, responses };
  }

  async #reveal(
    caller: Caller,
    request: RangeRequest,
    answer: RangeResponse,
    revision: number,
  ): Promise<RangeResponse> {
    if (request.rangeEnd === undefined || answer.count === 0) return answer;
    const isWhole = request.countOnly !== true && !answer.more;
    const kvs = answer.kvs.filter(({ key }) => !isMarker(key));
    if (isWhole) {
      const hidden = answer.kvs.length - kvs.length;
      return hidden === 0 ? answer : { ...answer, kvs, count: answer.count - hidden };
    }
    const filled =
      kvs.length === answer.kvs.length
        ? { kvs: answer.kvs, more: answer.more }
        : await this.#fill(caller, request, answer, revision);
    const isCount = request.countOnly === true;
    const hidden = isCount ? await this.#countMarkers(caller, request, answer.count, revision) : 0;
    return { ...answer, count: answer.count - hidden, ...filled };
  }

  /** As many visible keys as were asked for, so that who pages by them never finds an empty page in the middle. */
  async #fill(
    caller: Caller,
    request: RangeRequest,
    first: RangeResponse,
    revision: number,
  ): Promise<Partial<RangeResponse>> {
    const limit = request.limit ?? 0;
    for (let extra = 2 * (first.kvs.length + 1), answer = first; ; extra *= 2) {
      const kvs = answer.kvs.filter(({ key }) => !isMarker(key));
      if (kvs.length >= limit || !answer.more) {
        // The whole range was seen: so its visible keys are counted, too.
        const seen = answer.more ? {} : { count: kvs.length };
        return { kvs: kvs.slice(0, limit), more: answer.more || kvs.length > limit, ...seen };
      }
      answer = await this.#etcd.range(caller, { ...request, limit: limit + extra, revision });
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
    return kvs.filter((kv) => isMarker(kv.key)).length;
  }

  /** Every change through a v2 door leaves its record. Who may not read that may have made directories, too. */
  async #isV2Used(caller: Caller): Promise<boolean> {
    if (this.#isUsed || performance.now() < this.#askAgainAt) return this.#isUsed;
    const isUsed = await this.#etcd
      .range(caller, { key: V2_EVENT_RECORD_KEY, countOnly: true })
      .then(({ count }) => count > 0)
      .catch(() => true);
    this.#isUsed ||= isUsed;
    if (!isUsed) this.#askAgainAt = performance.now() + UNUSED_FOR_MS;
    return isUsed;
  }
}
