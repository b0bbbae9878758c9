// One client of the gateway under load. It counts every response, and cuts open requests when the load ends.
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayClient } from '../harness/gateway-client.js';
import type {
  ExchangeResult,
  Exchange,
  RequestSpec,
  StreamEvent,
} from '../harness/gateway-client.js';
import type { Random, Span } from '../harness/random.js';

/** Longer than the longest wait of the load. */
const PATIENCE_MS = 60_000;

/** `<what> <status or how it ended>` -> count. */
export type ResponseCounts = Map<string, number>;

export interface Answer {
  readonly status: number;
  /** The parsed body; undefined when it is not JSON. */
  readonly body: any;
}

type CallOptions = Omit<RequestSpec, 'method' | 'path' | 'limitMs' | 'onEvent'>;

export interface Stream {
  /** Resolves with the first event of that name, or undefined when the stream ends without. */
  first(event: string): Promise<StreamEvent | undefined>;
  readonly done: Promise<ExchangeResult>;
  readonly cut: () => void;
}

export class Caller {
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly #client: GatewayClient;
  readonly #counts: ResponseCounts;

  constructor(client: GatewayClient, random: Random, signal: AbortSignal, counts: ResponseCounts) {
    this.#client = client;
    this.random = random;
    this.signal = signal;
    this.#counts = counts;
  }

  /** Acts over a new connection and closes it. */
  async withOwnConnection(baseUrl: string, act: (caller: Caller) => Promise<void>): Promise<void> {
    const client = new GatewayClient(baseUrl);
    await act(new Caller(client, this.random, this.signal, this.#counts));
    client.close();
  }

  /** Returns the response; `status` is 0 if the connection broke or the load is over. */
  async call(
    what: string,
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const done = await this.open(what, method, path, options).done;
    if (done.ending !== 'answered') return { status: 0, body: undefined };
    const { status, headers, text } = done.reply;
    const isJson = /[/+]json/.test(headers['content-type'] ?? '') && text !== '';
    return { status, body: isJson ? JSON.parse(text) : undefined };
  }

  /** Opens a request that can be cut at any time. It is cut when the load is over. */
  open(what: string, method: string, path: string, options: CallOptions = {}): Exchange {
    return this.#send(what, { method, path, limitMs: PATIENCE_MS, ...options });
  }

  /** Server-sent events. */
  stream(what: string, method: string, path: string, options: CallOptions = {}): Stream {
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
      ...options,
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
    const exchange = this.#client.send(sent);
    if (this.signal.aborted) exchange.cut();
    this.signal.addEventListener('abort', exchange.cut);
    void exchange.done.then((done) => {
      this.signal.removeEventListener('abort', exchange.cut);
      const ending = done.ending === 'answered' ? done.reply.status : done.ending;
      const name = `${what} ${ending}`;
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    });
    return exchange;
  }
}
