// Sends requests of one kind and one identity in shared transactions: under load, most of the cost of a call to etcd is the call itself.
// A request is sent at once while few calls are in flight; requests that arrive meanwhile share the next transaction.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { isResponseTooLarge } from '../calls/errors.js';
import { OPERATIONS_TOGETHER_MAX } from '../wire.js';
import type { RequestOp, ResponseOp, TxnResponse } from '../wire.js';

/** Calls of one lane that may be in flight; requests share transactions only while this many are. */
const IN_FLIGHT_MAX = 2;
const OPERATIONS_FIRST = 8;
const GROWTH = 2;
/** Keys and values of one batch, in the request or the response: far below etcd's limit for one request. */
const BATCH_BYTES_MAX = 256 * 1024;
/** A caller with less time left is never batched, so that its deadline does not shorten the deadline of others. */
const SHARED_MS_MIN = 2_000;
/** Excess requests are sent on their own and wait for a socket. */
const WAITING_MAX = 10_000;

/** How requests of one kind are batched. `Q` is the request, `A` the response. */
export interface BatchCodec<Q, A> {
  /** Sends one request on its own. */
  readonly sendAlone: (caller: Caller, request: Q) => Promise<A>;
  readonly sendBatch: (caller: Caller, operations: readonly RequestOp[]) => Promise<TxnResponse>;
  readonly toOperation: (request: Q) => RequestOp;
  /** Returns undefined if etcd returned another kind of response. */
  readonly toResponse: (response: ResponseOp | undefined, batch: TxnResponse) => A | undefined;
  /** Requests with equal keys concern the same etcd key. */
  readonly keyOf: (request: Q) => string;
  /** Whether requests with equal keys share one operation, or go into different batches. */
  readonly equalKeys: 'share' | 'separate';
  readonly bytesOf: (request: Q, response?: A) => number;
  /** The error for a caller whose deadline passed, or that disconnected, before anything was sent for it. */
  readonly notSent: (caller: Caller) => GatewayError;
}

interface PendingRequest<Q, A> {
  readonly caller: Caller;
  readonly request: Q;
  readonly resolve: (response: A) => void;
  readonly reject: (error: unknown) => void;
}

/** The requests of one transaction, grouped by the operation that they share. */
type Batch<Q, A> = Map<string, PendingRequest<Q, A>[]>;

export class BatchQueue<Q, A> {
  readonly #codec: BatchCodec<Q, A>;
  readonly #onIdle: () => void;
  #waiting: PendingRequest<Q, A>[] = [];
  #inFlight = 0;
  #operationsMax = OPERATIONS_FIRST;
  /** Bytes of one response, from the last batch. */
  #averageBytes = 1;

  /** `onIdle` is called whenever the last call in flight has completed. */
  constructor(codec: BatchCodec<Q, A>, onIdle: () => void) {
    this.#codec = codec;
    this.#onIdle = onIdle;
  }

  /** Resolves with the response, or rejects as `sendAlone` does. A batch without a response rejects all of its requests. */
  send(caller: Caller, request: Q): Promise<A> {
    const isFree = this.#inFlight < IN_FLIGHT_MAX && this.#waiting.length === 0;
    if (isFree || !canShare(caller) || this.#waiting.length >= WAITING_MAX) {
      return this.#track(this.#codec.sendAlone(caller, request));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ caller, request, resolve, reject });
    });
  }

  #track<T>(call: Promise<T>): Promise<T> {
    this.#inFlight++;
    return call.finally(() => {
      this.#inFlight--;
      this.#sendWaiting();
      if (this.#inFlight === 0) this.#onIdle();
    });
  }

  #sendWaiting(): void {
    while (this.#inFlight < IN_FLIGHT_MAX && this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      if (batch.size > 0) void this.#track(this.#sendBatch(batch));
    }
  }

  /** Takes the oldest requests, in as many operations and bytes as fit; the others keep their order. */
  #takeBatch(): Batch<Q, A> {
    const { keyOf, equalKeys, bytesOf, notSent } = this.#codec;
    const batch: Batch<Q, A> = new Map();
    const left: PendingRequest<Q, A>[] = [];
    let bytes = 0;
    for (const pending of this.#waiting) {
      const { caller, request, reject } = pending;
      const key = keyOf(request);
      const sharers = batch.get(key);
      if (caller.signal.aborted || remainingMs(caller) <= 0) {
        reject(notSent(caller));
      } else if (!canShare(caller)) {
        void this.#track(this.#sendAlone(pending));
      } else if (sharers !== undefined) {
        (equalKeys === 'share' ? sharers : left).push(pending);
      } else if (batch.size >= this.#operationsMax || bytes >= BATCH_BYTES_MAX) {
        left.push(pending);
      } else {
        batch.set(key, [pending]);
        bytes += bytesOf(request) + this.#averageBytes;
      }
    }
    this.#waiting = left;
    return batch;
  }

  /** Never rejects: errors go to the requests of the batch. */
  async #sendBatch(batch: Batch<Q, A>): Promise<void> {
    const groups = [...batch.values()];
    const requests = groups.flat();
    const [first] = requests;
    if (first === undefined) return;
    if (requests.length === 1) {
      await this.#sendAlone(first);
      return;
    }
    try {
      const operations = groups.flatMap(([each]) =>
        each === undefined ? [] : [this.#codec.toOperation(each.request)],
      );
      const response = await this.#codec.sendBatch(callerOf(requests), operations);
      this.#settle(groups, response);
    } catch (error) {
      if (isRefused(error)) {
        // etcd applied nothing. Sent alone, each request gets its own result.
        this.#operationsMax = Math.max(1, Math.floor(groups.length / 2));
        await Promise.all(requests.map((pending) => this.#sendAlone(pending)));
      } else {
        for (const { reject } of requests) reject(error);
      }
    }
  }

  async #sendAlone({ caller, request, resolve, reject }: PendingRequest<Q, A>): Promise<void> {
    await this.#codec.sendAlone(caller, request).then(resolve, reject);
  }

  #settle(groups: readonly PendingRequest<Q, A>[][], batch: TxnResponse): void {
    const { toResponse, bytesOf } = this.#codec;
    let bytes = 0;
    for (const [index, group] of groups.entries()) {
      const response = toResponse(batch.responses[index], batch);
      for (const { request, resolve, reject } of group) {
        if (response === undefined) {
          reject(unexpectedResponse());
        } else {
          bytes += bytesOf(request, response);
          resolve(response);
        }
      }
    }
    this.#averageBytes = Math.ceil(bytes / groups.length);
    this.#operationsMax = Math.min(OPERATIONS_TOGETHER_MAX, this.#operationsMax * GROWTH);
  }
}

function canShare(caller: Caller): boolean {
  return remainingMs(caller) >= SHARED_MS_MIN;
}

/** No single disconnect cancels the batch, and its deadline is the earliest of all. */
function callerOf<Q, A>(requests: readonly PendingRequest<Q, A>[]): Caller {
  const [first] = requests;
  if (first === undefined) throw new Error('a batch has at least one request');
  return {
    identity: first.caller.identity,
    signal: new AbortController().signal,
    deadline: Math.min(...requests.map(({ caller }) => caller.deadline)),
  };
}

/** True if nothing was applied, and a smaller request or another one of the batch may be accepted. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error.outcome === 'unknown') return false;
  return (error.status < 500 && error.status !== 429) || isResponseTooLarge(error);
}

function unexpectedResponse(): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: 'etcd returned other operations than the transaction requested',
    outcome: 'unknown',
  });
}
