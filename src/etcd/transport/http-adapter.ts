// An axios adapter over node:http. Unlike axios' own adapter, it reports whether a failed request may have reached etcd, and it needs half
// the CPU time. It resolves for every status, and enforces limits and timeouts.
import http from 'node:http';
import type { ClientRequestArgs } from 'node:http';
import { AxiosHeaders } from 'axios';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { ConnectError, resetConnection } from './connection.js';
import type { Connector } from './connection.js';
import { ConnectionAgent } from './connection-agent.js';
import type { EndpointConnection } from './connection-agent.js';
import type { Endpoint } from '../endpoint.js';
import { ConcurrencyLimiter } from './concurrency-limiter.js';

export interface AdapterLimits {
  /** Idle connections kept for each endpoint. */
  readonly idleSocketsMax: number;
  /** Connections to each endpoint; further calls wait for one. */
  readonly socketsMax: number;
}

/** Why a call has no response. `wasSent` is false only if definitely no byte of the request was sent. */
export class TransportError extends Error {
  readonly wasSent: boolean;
  /** The deadline passed before there was a connection: this process is busy, or the deadline was short. */
  readonly wasQueued: boolean;
  /** With `wasQueued`: the connection was being made at that time. */
  readonly wasConnecting: boolean;
  readonly isTimeout: boolean;
  /** How long the endpoint had the request without a complete response; 0 if nothing was sent. */
  readonly silentMs: number;
  /** The response is larger than the limit: the same request would fail at any endpoint. */
  readonly isTooLarge: boolean;

  constructor(
    message: string,
    how: {
      wasSent: boolean;
      isTimeout: boolean;
      wasQueued?: boolean;
      wasConnecting?: boolean;
      isTooLarge?: boolean;
      silentMs?: number;
      cause?: unknown;
    },
  ) {
    super(message, { cause: how.cause });
    this.name = 'TransportError';
    this.wasSent = how.wasSent;
    this.wasQueued = how.wasQueued ?? false;
    this.wasConnecting = how.wasConnecting ?? false;
    this.isTimeout = how.isTimeout;
    this.silentMs = how.silentMs ?? 0;
    this.isTooLarge = how.isTooLarge ?? false;
  }
}

/** Timeouts of one call that axios does not support; set in the config of the request. */
export interface CallTimeouts {
  /** Until the headers of the response arrive. */
  readonly headersTimeoutMs: number;
  /** Until the last byte of the response. */
  readonly totalTimeoutMs: number;
}

export interface CallConfig extends InternalAxiosRequestConfig<string> {
  readonly endpoint?: Endpoint;
  readonly timeouts?: CallTimeouts;
}

export interface HttpAdapter {
  readonly adapter: AxiosAdapter;
  /** Closes kept connections to one endpoint, or all. */
  retire(endpoint?: Endpoint): void;
  close(): void;
}

export function createHttpAdapter(limits: AdapterLimits, connector: Connector): HttpAdapter {
  const agent = new CallAgent(limits, connector);
  const slots = new ConcurrencyLimiter(limits.socketsMax);
  return {
    adapter: (config) =>
      new Promise((resolve, reject) => {
        new Exchange(config, { agent, slots, resolve, reject }).begin();
      }),
    retire: (endpoint) => agent.retire(endpoint),
    close: () => agent.destroy(),
  };
}

interface CallArgs extends ClientRequestArgs {
  readonly endpoint?: Endpoint;
}

/** Keeps connections for each endpoint. */
class CallAgent extends ConnectionAgent {
  readonly #connector: Connector;

  constructor(limits: AdapterLimits, connector: Connector) {
    super({
      keepAlive: true,
      maxFreeSockets: limits.idleSocketsMax,
      scheduling: 'lifo',
    });
    this.#connector = connector;
  }

  // The same host and port may be listed twice, with TLS and without.
  override getName(options: CallArgs = {}): string {
    return options.endpoint?.url ?? '';
  }

  protected override async make({ endpoint }: CallArgs): Promise<EndpointConnection> {
    if (endpoint === undefined) throw new Error('a call without an endpoint');
    return { socket: await this.#connector.connect(endpoint), endpoint };
  }
}

interface ExchangeDeps {
  readonly agent: CallAgent;
  readonly slots: ConcurrencyLimiter;
  readonly resolve: (response: AxiosResponse<Buffer>) => void;
  readonly reject: (error: TransportError) => void;
}

/** One request in flight: tracks whether it may have been sent, enforces its timeouts, settles once. */
class Exchange {
  readonly #config: CallConfig;
  readonly #deps: ExchangeDeps;
  #request: http.ClientRequest | undefined;
  #leaveSlot: (() => void) | undefined;
  #totalTimer: NodeJS.Timeout | undefined;
  #headersTimer: NodeJS.Timeout | undefined;
  /** When the request got its connection: before that nothing was sent. */
  #sentAt: number | undefined;
  #isSettled = false;

  constructor(config: CallConfig, deps: ExchangeDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  begin(): void {
    const { signal, timeouts: times, endpoint } = this.#config;
    if (times !== undefined) {
      this.#totalTimer = setTimeout(() => this.#deadlinePassed(), times.totalTimeoutMs);
    }
    if (signal?.aborted === true) {
      this.#abort();
      return;
    }
    signal?.addEventListener?.('abort', this.#abort);
    this.#leaveSlot = this.#deps.slots.acquire(endpoint?.url ?? '', () => this.#send());
  }

  #send(): void {
    const config = this.#config;
    const url = new URL(config.url ?? '');
    const body = config.data ?? '';
    const args: CallArgs = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method: config.method ?? 'POST',
      path: url.pathname,
      agent: this.#deps.agent,
      headers: {
        ...config.headers.toJSON(),
        'content-length': Buffer.byteLength(body),
      },
      ...(config.endpoint && { endpoint: config.endpoint }),
    };
    const request = http.request(args);
    this.#request = request;
    // Node sends the request only after it has a connection, so before that definitely nothing was sent.
    request.on('socket', () => this.#connected());
    request.on('error', (error) => {
      const isTimeout = error instanceof ConnectError && error.isTimeout;
      this.#fail(error.message, isTimeout, { cause: error });
    });
    request.on('response', (response) => this.#receive(request, response));
    request.end(body);
  }

  #connected(): void {
    if (this.#isSettled) return;
    this.#sentAt = performance.now();
    const { timeouts: times } = this.#config;
    if (times === undefined) return;
    // From now on the endpoint causes the delay, not the gateway.
    const late = (): void => this.#fail('no response arrived in time', true);
    this.#headersTimer = setTimeout(late, times.headersTimeoutMs);
  }

  #receive(request: http.ClientRequest, response: http.IncomingMessage): void {
    clearTimeout(this.#headersTimer);
    const maxBytes = this.#config.maxContentLength ?? -1;
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (maxBytes >= 0 && length > maxBytes) {
        this.#fail(`the response is larger than ${maxBytes} bytes`, false, { isTooLarge: true });
      }
      chunks.push(chunk);
    });
    response.on('end', () => {
      if (!response.complete || !this.#settle()) return;
      this.#deps.resolve({
        data: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
        status: response.statusCode ?? 0,
        statusText: response.statusMessage ?? '',
        headers: AxiosHeaders.from(response.headers as Record<string, string>),
        config: this.#config,
        request,
      });
    });
    response.on('close', () => this.#fail('the connection broke during the response', false));
    response.on('error', (error) => this.#fail(error.message, false, { cause: error }));
  }

  #deadlinePassed(): void {
    if (this.#sentAt !== undefined) this.#fail('the deadline passed', true);
    else {
      const wasConnecting = this.#request !== undefined;
      this.#fail('no connection became free in time', true, { wasQueued: true, wasConnecting });
    }
  }

  readonly #abort = (): void => this.#fail('the caller aborted the call', false);

  #fail(
    message: string,
    isTimeout: boolean,
    more: {
      wasQueued?: boolean;
      wasConnecting?: boolean;
      isTooLarge?: boolean;
      cause?: unknown;
    } = {},
  ): void {
    if (!this.#settle()) return;
    const wasSent = this.#sentAt !== undefined;
    const silentMs = this.#sentAt === undefined ? 0 : performance.now() - this.#sentAt;
    if (wasSent) resetConnection(this.#request?.socket ?? null);
    this.#request?.destroy();
    this.#deps.reject(new TransportError(message, { wasSent, silentMs, isTimeout, ...more }));
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#totalTimer);
    clearTimeout(this.#headersTimer);
    this.#config.signal?.removeEventListener?.('abort', this.#abort);
    this.#leaveSlot?.();
    return true;
  }
}
