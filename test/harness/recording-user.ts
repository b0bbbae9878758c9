// A client who writes down whatever he asks and is answered. What he asks for is the business of those who extend it.
import type { DocumentCheck } from './document-check.js';
import type { Door, Exchange, Reply } from './door.js';

/** `cut`: by the client; `broken`: from outside, before the answer was whole; `overdue`: the client lost patience. */
export type Ending = 'answered' | 'cut' | 'broken' | 'overdue';

/** What is written down of every call. All times are milliseconds of the run's monotonic clock. */
export interface CallRecord {
  readonly id: string;
  /** Of the gateways. */
  readonly replica: number;
  readonly startedAt: number;
  /** When the answer was whole, or the connection gone. */
  endedAt?: number;
  ending?: Ending;
  status?: number;
  /** Of the problem. */
  code?: string;
  outcome?: string;
  /** In what an answer is not as the document says. */
  deviation?: string;
}

export interface Notebook<Call extends CallRecord> {
  readonly calls: Call[];
  readonly deviationOf: DocumentCheck;
}

export class RecordingUser<Call extends CallRecord> {
  readonly name: string;
  readonly #doors: readonly Door[];
  readonly #notebook: Notebook<Call>;
  #count = 0;

  constructor(name: string, doors: readonly Door[], notebook: Notebook<Call>) {
    this.name = name;
    this.#doors = doors;
    this.#notebook = notebook;
  }

  protected door(replica: number): Door {
    return this.#doors[replica]!;
  }

  protected nextId(): string {
    return `${this.name}.${++this.#count}`;
  }

  protected note(call: Call): Call {
    this.#notebook.calls.push(call);
    return call;
  }

  /** Writes down how the call ended; gives what was answered, if anything was. */
  protected async noteEnd(
    call: Call,
    operation: string,
    exchange: Exchange,
  ): Promise<Reply | undefined> {
    const done = await exchange.done;
    call.endedAt = done.at;
    call.ending = done.ending;
    if (done.ending !== 'answered') return undefined;
    const deviation = this.#notebook.deviationOf(operation, done.reply);
    if (deviation !== undefined) call.deviation = deviation;
    return done.reply;
  }
}
