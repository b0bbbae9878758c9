// One caller of the gateway under load: every answer is counted, and whatever is open when the load ends is cut.
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayClient } from '../harness/gateway-client.js';
import type {
  ExchangeResult,
  Exchange,
  RequestSpec,
  StreamEvent,
} from '../harness/gateway-client.js';
import type { Random, Span } from '../harness/random.js';

/** Beyond the longest wait of the load. */
const PATIENCE_MS = 60_000;

/** `<what> <status or how it ended>` -> how often. */
export type ResponseCounts = Map<string, number>;

export interface Answer {
  readonly status: number;
  /** The parsed body; undefined when it is no JSON. */
  readonly body: any;
}

type Asked = Omit<RequestSpec, 'method' | 'path' | 'limitMs' | 'onEvent'>;

export interface Stream {
  /** Resolves with the first event of that name, or undefined when the stream ends without. */
  first(event: string): Promise<StreamEvent | undefined>;
  readonly done: Promise<ExchangeResult>;
  readonly cut: () => void;
}

export class Caller {
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly #door: GatewayClient;
  readonly #tally: ResponseCounts;

  constructor(door: GatewayClient, random: Random, signal: AbortSignal, tally: ResponseCounts) {
    this.#door = door;
    this.random = random;
    this.signal = signal;
    this.#tally = tally;
  }

  /** The same caller over a connection of its own, which it closes. */
  async withOwnConnection(baseUrl: string, act: (caller: Caller) => Promise<void>): Promise<void> {
    const door = new GatewayClient(baseUrl);
    await act(new Caller(door, this.random, this.signal, this.#tally));
    door.close();
  }

  /** The answer; `status` is 0 when the connection broke or the load is over. */
  async call(what: string, method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const done = await this.open(what, method, path, asked).done;
    if (done.ending !== 'answered') return { status: 0, body: undefined };
    const { status, headers, text } = done.reply;
    const isJson = /[/+]json/.test(headers['content-type'] ?? '') && text !== '';
    return { status, body: isJson ? JSON.parse(text) : undefined };
  }

  /** A request that may be cut at any time, and is when the load is over. */
  open(what: string, method: string, path: string, asked: Asked = {}): Exchange {
    return this.#send(what, { method, path, limitMs: PATIENCE_MS, ...asked });
  }

  /** Server-sent events. */
  stream(what: string, method: string, path: string, asked: Asked = {}): Stream {
    const events: StreamEvent[] = [];
    let changed = (): void => undefined;
    const onEvent = (event: StreamEvent): void => {
      events.push(event);
      changed();
    };
    const { done, cut } = this.#send(what, {
      method,
      path,
      limitMs: PATIENCE_MS,
      onEvent,
      ...asked,
    });
    return {
      done,
      cut,
      first: (name) =>
        new Promise((resolve) => {
          changed = () => {
            const found = events.find(({ event }) => event === name);
            if (found !== undefined) resolve(found);
          };
          changed();
          void done.then(() => resolve(undefined));
        }),
    };
  }

  /** Shorter when the load ends meanwhile. */
  async pause(span: Span): Promise<void> {
    await pause(this.random.between(span), undefined, { signal: this.signal }).catch(
      () => undefined,
    );
  }

  #send(what: string, sent: RequestSpec): Exchange {
    const exchange = this.#door.send(sent);
    if (this.signal.aborted) exchange.cut();
    this.signal.addEventListener('abort', exchange.cut);
    void exchange.done.then((done) => {
      this.signal.removeEventListener('abort', exchange.cut);
      const ending = done.ending === 'answered' ? done.reply.status : done.ending;
      const name = `${what} ${ending}`;
      this.#tally.set(name, (this.#tally.get(name) ?? 0) + 1);
    });
    return exchange;
  }
}
