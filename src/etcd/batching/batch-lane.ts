// Requests of one kind and one caller's rights that come at the same moment, in one transaction: under load most of what a call to etcd
// costs is the call. Nobody waits for company: a request goes at once while few are under way; who comes meanwhile travels together.
import { remainingMs } from '../../caller.js';
import type { Caller } from '../../caller.js';
import { GatewayError } from '../../errors.js';
import { isAnswerTooLarge } from '../calls/errors.js';
import { OPERATIONS_TOGETHER_MAX } from '../wire.js';
import type { RequestOp, ResponseOp, TxnResponse } from '../wire.js';

/** Calls under way at once in one lane; only behind them requests share. */
const AT_ONCE_MAX = 2;
const OPERATIONS_FIRST = 8;
const GROWTH = 2;
/** Of keys and values, asked or answered: far below what etcd takes in one request. */
const BATCH_BYTES_MAX = 256 * 1024;
/** Who has less time left travels alone: nobody is told late for the sake of somebody who was in a hurry. */
const SHARED_MS_MIN = 2_000;
/** More wait for a socket instead. */
const WAITING_MAX = 10_000;

/** How requests of one kind travel. `Q` is what is asked, `A` the answer. */
export interface Freight<Q, A> {
  /** In a request of its own. */
  readonly alone: (caller: Caller, request: Q) => Promise<A>;
  readonly together: (caller: Caller, operations: readonly RequestOp[]) => Promise<TxnResponse>;
  readonly toOperation: (request: Q) => RequestOp;
  /** Undefined when etcd answered something else. */
  readonly toAnswer: (response: ResponseOp | undefined, batch: TxnResponse) => A | undefined;
  /** Equal names concern the same thing. */
  readonly nameOf: (request: Q) => string;
  /** What equal names do: `share` one operation, or travel `apart`, one batch after the other. */
  readonly equals: 'share' | 'apart';
  readonly bytesOf: (request: Q, answer?: A) => number;
  /** For one who is out of time, or has hung up, before anything was sent for him. */
  readonly tooLate: (caller: Caller) => GatewayError;
}

interface Passenger<Q, A> {
  readonly caller: Caller;
  readonly request: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** Those of one batch, by the operation that they share. */
type Load<Q, A> = Map<string, Passenger<Q, A>[]>;

export class BatchLane<Q, A> {
  readonly #freight: Freight<Q, A>;
  readonly #onIdle: () => void;
  #waiting: Passenger<Q, A>[] = [];
  #underWay = 0;
  #operationsMax = OPERATIONS_FIRST;
  /** Of one answer, as far as they were seen. */
  #averageBytes = 1;

  /** `onIdle` is called whenever nothing is under way. */
  constructor(freight: Freight<Q, A>, onIdle: () => void) {
    this.#freight = freight;
    this.#onIdle = onIdle;
  }

  send(caller: Caller, request: Q): Promise<A> {
    const isFree = this.#underWay < AT_ONCE_MAX && this.#waiting.length === 0;
    if (isFree || !isInTime(caller) || this.#waiting.length >= WAITING_MAX) {
      return this.#under(this.#freight.alone(caller, request));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ caller, request, resolve, reject });
    });
  }

  #under<T>(call: Promise<T>): Promise<T> {
    this.#underWay++;
    return call.finally(() => {
      this.#underWay--;
      this.#depart();
      if (this.#underWay === 0) this.#onIdle();
    });
  }

  #depart(): void {
    while (this.#underWay < AT_ONCE_MAX && this.#waiting.length > 0) {
      const load = this.#take();
      if (load.size > 0) void this.#under(this.#carry(load));
    }
  }

  /** Those who come first, in as many operations and bytes as fit; the others keep their order. */
  #take(): Load<Q, A> {
    const { nameOf, equals, bytesOf, tooLate } = this.#freight;
    const load: Load<Q, A> = new Map();
    const left: Passenger<Q, A>[] = [];
    let bytes = 0;
    for (const passenger of this.#waiting) {
      const { caller, request, reject } = passenger;
      const name = nameOf(request);
      const sharers = load.get(name);
      if (caller.signal.aborted || remainingMs(caller) <= 0) {
        reject(tooLate(caller));
      } else if (!isInTime(caller)) {
        void this.#under(this.#carryAlone(passenger));
      } else if (sharers !== undefined) {
        (equals === 'share' ? sharers : left).push(passenger);
      } else if (load.size >= this.#operationsMax || bytes >= BATCH_BYTES_MAX) {
        left.push(passenger);
      } else {
        load.set(name, [passenger]);
        bytes += bytesOf(request) + this.#averageBytes;
      }
    }
    this.#waiting = left;
    return load;
  }

  /** Never rejects: what goes wrong is told to each passenger. */
  async #carry(load: Load<Q, A>): Promise<void> {
    const groups = [...load.values()];
    const passengers = groups.flat();
    const [first] = passengers;
    if (first === undefined) return;
    if (passengers.length === 1) {
      await this.#carryAlone(first);
      return;
    }
    try {
      const operations = groups.flatMap(([each]) =>
        each === undefined ? [] : [this.#freight.toOperation(each.request)],
      );
      const batch = await this.#freight.together(jointCaller(passengers), operations);
      this.#learn(groups, batch);
    } catch (error) {
      if (isRefused(error)) {
        // etcd did nothing of it; which one it means, each hears for himself.
        this.#operationsMax = Math.max(1, Math.floor(groups.length / 2));
        await Promise.all(passengers.map((passenger) => this.#carryAlone(passenger)));
      } else {
        for (const { reject } of passengers) reject(error);
      }
    }
  }

  async #carryAlone({ caller, request, resolve, reject }: Passenger<Q, A>): Promise<void> {
    await this.#freight.alone(caller, request).then(resolve, reject);
  }

  #learn(groups: readonly Passenger<Q, A>[][], batch: TxnResponse): void {
    const { toAnswer, bytesOf } = this.#freight;
    let bytes = 0;
    for (const [index, group] of groups.entries()) {
      const answer = toAnswer(batch.responses[index], batch);
      for (const { request, resolve, reject } of group) {
        if (answer === undefined) {
          reject(strange());
        } else {
          bytes += bytesOf(request, answer);
          resolve(answer);
        }
      }
    }
    this.#averageBytes = Math.ceil(bytes / groups.length);
    this.#operationsMax = Math.min(OPERATIONS_TOGETHER_MAX, this.#operationsMax * GROWTH);
  }
}

function isInTime(caller: Caller): boolean {
  return remainingMs(caller) >= SHARED_MS_MIN;
}

/** Nobody's hanging up ends what others wait for; nobody is told later than he asked. */
function jointCaller<Q, A>(passengers: readonly Passenger<Q, A>[]): Caller {
  const [first] = passengers;
  if (first === undefined) throw new Error('a batch has a passenger');
  return {
    identity: first.caller.identity,
    signal: new AbortController().signal,
    deadline: Math.min(...passengers.map(({ caller }) => caller.deadline)),
  };
}

/** Surely nothing was applied, and a smaller request, or another one of these, may well be taken. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error.outcome === 'unknown') return false;
  return (error.status < 500 && error.status !== 429) || isAnswerTooLarge(error);
}

function strange(): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: 'etcd answered a transaction with other operations than it was asked for',
    outcome: 'unknown',
  });
}
