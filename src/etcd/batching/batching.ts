// The etcd client with plain reads and writes of single keys sharing requests under load. Never shared: what has a condition, a lease, a
// revision, a range, or a trace of its own. A shared write is one transaction, so two plain writes may carry one revision; one whose
// answer is lost is `unknown` to all of its passengers and is sent to nobody again.
import { remainingMs } from '../../caller.js';
import type { Caller } from '../../caller.js';
import { GatewayError } from '../../errors.js';
import { BatchLane } from './batch-lane.js';
import type { Freight } from './batch-lane.js';
import type { EtcdClient } from '../client.js';
import { RETRY_AFTER_SECONDS } from '../status.js';
import type { PutRequest, PutResponse, RangeRequest, RangeResponse } from '../wire.js';

/** A larger value travels alone. */
const SHARED_VALUE_BYTES_MAX = 32 * 1024;

/** The same client; only `range` and `put` change their way, never what they promise. */
export function withBatching(etcd: EtcdClient): EtcdClient {
  const reads = new Lanes(readFreight(etcd));
  const writes = new Lanes(writeFreight(etcd));
  return {
    ...etcd,
    range: (caller, request) =>
      isPlainRead(request) && caller.traceparent === undefined
        ? reads.send(caller, request)
        : etcd.range(caller, request),
    put: (caller, request) =>
      isPlainWrite(request) && caller.traceparent === undefined
        ? writes.send(caller, request)
        : etcd.put(caller, request),
  };
}

/** One lane for each identity that has something under way: rights never mix. */
class Lanes<Q, A> {
  readonly #freight: Freight<Q, A>;
  readonly #lanes = new Map<string, BatchLane<Q, A>>();

  constructor(freight: Freight<Q, A>) {
    this.#freight = freight;
  }

  send(caller: Caller, request: Q): Promise<A> {
    const { key } = caller.identity;
    const lane =
      this.#lanes.get(key) ?? new BatchLane(this.#freight, () => this.#lanes.delete(key));
    this.#lanes.set(key, lane);
    return lane.send(caller, request);
  }
}

function isPlainRead(request: RangeRequest): boolean {
  const { key, ...options } = request;
  return key.length > 0 && Object.values(options).every(isUnasked);
}

function isPlainWrite(request: PutRequest): boolean {
  const { key, value = Buffer.alloc(0), ...options } = request;
  const isSmall = key.length + value.length <= SHARED_VALUE_BYTES_MAX;
  return isSmall && Object.values(options).every(isUnasked);
}

function isUnasked(option: unknown): boolean {
  return option === undefined || option === false;
}

function readFreight(etcd: EtcdClient): Freight<RangeRequest, RangeResponse> {
  return {
    alone: (caller, request) => etcd.range(caller, request),
    together: (caller, success) => etcd.txn(caller, { compare: [], success, failure: [] }),
    toOperation: (range) => ({ kind: 'range', range }),
    toAnswer: (response, { header }) =>
      response?.kind === 'range' ? { ...response.range, header } : undefined,
    nameOf: ({ key }) => key.toString('latin1'),
    equals: 'share',
    bytesOf: ({ key }, answer) => key.length + (answer?.kvs[0]?.value.length ?? 0),
    tooLate: (caller) => tooLate(caller, {}),
  };
}

function writeFreight(etcd: EtcdClient): Freight<PutRequest, PutResponse> {
  return {
    alone: (caller, request) => etcd.put(caller, request),
    together: (caller, success) => etcd.txn(caller, { compare: [], success, failure: [] }),
    toOperation: (put) => ({ kind: 'put', put }),
    toAnswer: (response, { header }) =>
      response?.kind === 'put' ? { ...response.put, header } : undefined,
    nameOf: ({ key }) => key.toString('latin1'),
    // etcd refuses two puts of one key in one transaction.
    equals: 'apart',
    bytesOf: ({ key, value }) => key.length + (value?.length ?? 0),
    tooLate: (caller) =>
      tooLate(caller, { outcome: 'not-applied', retryAfterSeconds: RETRY_AFTER_SECONDS }),
  };
}

function tooLate(
  caller: Caller,
  init: { readonly outcome?: 'not-applied'; readonly retryAfterSeconds?: number },
): GatewayError {
  return remainingMs(caller) <= 0
    ? new GatewayError('timeout', {
        detail: 'time was up before the request could be sent to etcd',
        ...init,
      })
    : new GatewayError('etcd-unavailable', { detail: 'the caller hung up', ...init });
}
