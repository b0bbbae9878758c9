// The etcd client in which plain reads and writes of single keys share transactions under load. Requests with a condition, a lease, a
// revision, a range or a trace are never shared. A shared write is one transaction, so two plain writes may have the same revision. If the
// response is lost, the outcome is `unknown` for every request of the batch, and none is sent again.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import { ClientDisconnectedError, GatewayError } from '../../core/errors.js';
import { BatchQueue } from './batch-queue.js';
import type { BatchCodec } from './batch-queue.js';
import type { EtcdClient } from '../client.js';
import { passThrough } from '../pass-through.js';
import { RETRY_AFTER_SECONDS } from '../status.js';
import type { PutRequest, PutResponse, RangeRequest, RangeResponse } from '../wire.js';

/** Larger values are sent alone. */
const SHARED_VALUE_BYTES_MAX = 32 * 1024;

/** Returns the same client with a batching `range` and `put`. Their guarantees do not change. */
export function withBatching(etcd: EtcdClient): EtcdClient {
  const reads = new BatchQueues(readCodec(etcd));
  const writes = new BatchQueues(writeCodec(etcd));
  return {
    range: (caller, request) =>
      isPlainRead(request) && caller.traceparent === undefined
        ? reads.send(caller, request)
        : etcd.range(caller, request),
    put: (caller, request) =>
      isPlainWrite(request) && caller.traceparent === undefined
        ? writes.send(caller, request)
        : etcd.put(caller, request),
    ...passThrough(etcd, [
      'deleteRange',
      'txn',
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

/** One lane for each identity that has calls in flight: requests of different identities never share a transaction. */
class BatchQueues<Q, A> {
  readonly #codec: BatchCodec<Q, A>;
  readonly #lanes = new Map<string, BatchQueue<Q, A>>();

  constructor(codec: BatchCodec<Q, A>) {
    this.#codec = codec;
  }

  send(caller: Caller, request: Q): Promise<A> {
    const { key } = caller.identity;
    const lane = this.#lanes.get(key) ?? new BatchQueue(this.#codec, () => this.#lanes.delete(key));
    this.#lanes.set(key, lane);
    return lane.send(caller, request);
  }
}

function isPlainRead(request: RangeRequest): boolean {
  const { key, ...options } = request;
  return key.length > 0 && Object.values(options).every(isUnset);
}

function isPlainWrite(request: PutRequest): boolean {
  const { key, value = Buffer.alloc(0), ...options } = request;
  const isSmall = key.length + value.length <= SHARED_VALUE_BYTES_MAX;
  return isSmall && Object.values(options).every(isUnset);
}

function isUnset(option: unknown): boolean {
  return option === undefined || option === false;
}

function readCodec(etcd: EtcdClient): BatchCodec<RangeRequest, RangeResponse> {
  return {
    sendAlone: (caller, request) => etcd.range(caller, request),
    sendBatch: (caller, success) => etcd.txn(caller, { compare: [], success, failure: [] }),
    toOperation: (range) => ({ kind: 'range', range }),
    toResponse: (response, { header }) =>
      response?.kind === 'range' ? { ...response.range, header } : undefined,
    keyOf: ({ key }) => key.toString('latin1'),
    equalKeys: 'share',
    bytesOf: ({ key }, response) => key.length + (response?.kvs[0]?.value.length ?? 0),
    notSent: (caller) => notSent(caller, {}),
  };
}

function writeCodec(etcd: EtcdClient): BatchCodec<PutRequest, PutResponse> {
  return {
    sendAlone: (caller, request) => etcd.put(caller, request),
    sendBatch: (caller, success) => etcd.txn(caller, { compare: [], success, failure: [] }),
    toOperation: (put) => ({ kind: 'put', put }),
    toResponse: (response, { header }) =>
      response?.kind === 'put' ? { ...response.put, header } : undefined,
    keyOf: ({ key }) => key.toString('latin1'),
    // etcd rejects two puts of one key in one transaction.
    equalKeys: 'separate',
    bytesOf: ({ key, value }) => key.length + (value?.length ?? 0),
    notSent: (caller) =>
      notSent(caller, { outcome: 'not-applied', retryAfterSeconds: RETRY_AFTER_SECONDS }),
  };
}

function notSent(
  caller: Caller,
  init: { readonly outcome?: 'not-applied'; readonly retryAfterSeconds?: number },
): GatewayError {
  return remainingMs(caller) <= 0
    ? new GatewayError('timeout', {
        detail: 'the deadline passed before the request was sent to etcd',
        ...init,
      })
    : new ClientDisconnectedError(init);
}
