// Base class of clients that record each request and its response. Subclasses define the requests.
import type { DocumentCheck } from './document-check.js';
import type { GatewayClient, Exchange, Reply } from './gateway-client.js';

/** `cut`: by the client; `broken`: from outside, before the response was complete; `overdue`: the client gave up at its limit. */
export type Ending = 'answered' | 'cut' | 'broken' | 'overdue';

/** The record of a call. All times are milliseconds of the run's monotonic clock. */
export interface CallRecord {
  readonly id: string;
  /** The index of the gateway. */
  readonly replica: number;
  readonly startedAt: number;
  /** When the response was complete or the connection ended. */
  endedAt?: number;
  ending?: Ending;
  status?: number;
  /** The code of the problem. */
  code?: string;
  outcome?: string;
  /** How the response deviates from the OpenAPI document. */
  deviation?: string;
}

export interface CallLog<Call extends CallRecord> {
  readonly calls: Call[];
  readonly deviationOf: DocumentCheck;
}

export class RecordingUser<Call extends CallRecord> {
  readonly name: string;
  readonly #clients: readonly GatewayClient[];
  readonly #log: CallLog<Call>;
  #count = 0;

  constructor(name: string, clients: readonly GatewayClient[], log: CallLog<Call>) {
    this.name = name;
    this.#clients = clients;
    this.#log = log;
  }

  protected clientOf(replica: number): GatewayClient {
    return this.#clients[replica]!;
  }

  protected nextId(): string {
    return `${this.name}.${++this.#count}`;
  }

  protected record(call: Call): Call {
    this.#log.calls.push(call);
    return call;
  }

  /** Records how the call ended. Returns the response, if there is one. */
  protected async recordEnd(
    call: Call,
    operation: string,
    exchange: Exchange,
  ): Promise<Reply | undefined> {
    const done = await exchange.done;
    call.endedAt = done.at;
    call.ending = done.ending;
    if (done.ending !== 'answered') return undefined;
    const deviation = this.#log.deviationOf(operation, done.reply);
    if (deviation !== undefined) call.deviation = deviation;
    return done.reply;
  }
}
