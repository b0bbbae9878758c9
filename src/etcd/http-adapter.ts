// An axios adapter over node:http. It exists for two things that axios' own cannot do: telling whether a failed request may have
// reached etcd, and costing half the CPU. It resolves on every status; limits, timeouts and TLS are its own job.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { AxiosHeaders } from 'axios';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';

export interface AdapterLimits {
  /** From the socket's creation until it is connected (TLS handshake included). */
  readonly connectTimeoutMs: number;
  /** Idle connections kept for each endpoint. */
  readonly idleSocketsMax: number;
  /** Connections to each endpoint; further calls wait for one. */
  readonly socketsMax: number;
}

/** Why a call has no answer. `wasSent` is false only when surely no byte of the request left this process. */
export class ExchangeError extends Error {
  readonly wasSent: boolean;
  /** It never got a connection: this process is busy, and nothing is wrong with the endpoint. */
  readonly wasQueued: boolean;
  readonly isTimeout: boolean;
  /** The answer is larger than this process reads: the same request anywhere else has the same end. */
  readonly isTooLarge: boolean;

  constructor(
    message: string,
    how: {
      wasSent: boolean;
      isTimeout: boolean;
      wasQueued?: boolean;
      isTooLarge?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, { cause: how.cause });
    this.name = 'ExchangeError';
    this.wasSent = how.wasSent;
    this.wasQueued = how.wasQueued ?? false;
    this.isTimeout = how.isTimeout;
    this.isTooLarge = how.isTooLarge ?? false;
  }
}

/** Times of one call that plain axios has no word for; set in the request's config. */
export interface ExchangeTimes {
  /** Until the answer's headers are there. */
  readonly headersTimeoutMs: number;
  /** Until its last byte. */
  readonly totalTimeoutMs: number;
}

export interface ExchangeConfig extends InternalAxiosRequestConfig<string> {
  readonly exchange?: ExchangeTimes;
}

export function createHttpAdapter(limits: AdapterLimits): {
  adapter: AxiosAdapter;
  close: () => void;
} {
  const options = {
    keepAlive: true,
    maxSockets: limits.socketsMax,
    maxFreeSockets: limits.idleSocketsMax,
    scheduling: 'lifo' as const,
  };
  const agents = { http: new http.Agent(options), https: new https.Agent(options) };
  return {
    adapter: (config) =>
      new Promise((resolve, reject) => exchange(config, agents, limits, resolve, reject)),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

function exchange(
  config: ExchangeConfig,
  agents: Agents,
  limits: AdapterLimits,
  resolve: (response: AxiosResponse<Buffer>) => void,
  reject: (error: ExchangeError) => void,
): void {
  const url = new URL(config.url ?? '');
  const isSecure = url.protocol === 'https:';
  const body = config.data ?? '';
  const request = (isSecure ? https : http).request({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: config.method ?? 'POST',
    path: url.pathname,
    agent: isSecure ? agents.https : agents.http,
    headers: {
      ...config.headers.toJSON(),
      'content-length': Buffer.byteLength(body),
    } as http.OutgoingHttpHeaders,
  });
  const call = new Exchange(request, isSecure, limits, config);
  call.onFailure = reject;
  request.on('response', (response) => {
    call.receive(response, config.maxContentLength ?? -1, (data) =>
      resolve({
        data,
        status: response.statusCode ?? 0,
        statusText: response.statusMessage ?? '',
        headers: AxiosHeaders.from(response.headers as Record<string, string>),
        config,
        request,
      }),
    );
  });
  request.end(body);
}

/** One request on its way: knows whether it may have been sent, ends it in time, settles once. */
class Exchange {
  onFailure: (error: ExchangeError) => void = () => undefined;
  readonly #request: http.ClientRequest;
  readonly #signal: ExchangeConfig['signal'];
  #totalTimer: NodeJS.Timeout | undefined;
  #headersTimer: NodeJS.Timeout | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #hasSocket = false;
  #wasSent = false;
  #isSettled = false;

  constructor(
    request: http.ClientRequest,
    isSecure: boolean,
    limits: AdapterLimits,
    config: ExchangeConfig,
  ) {
    this.#request = request;
    this.#signal = config.signal;
    const { exchange: times } = config;
    request.on('socket', (socket) => {
      this.#hasSocket = true;
      this.#watchConnect(socket, isSecure, limits.connectTimeoutMs);
      // Only now is the endpoint the one that lets us wait.
      if (times !== undefined) {
        const late = (): void => this.#fail('no answer came in time', true);
        this.#headersTimer = setTimeout(late, times.headersTimeoutMs);
      }
    });
    request.on('error', (error) => this.#fail(error.message, false, error));
    if (times !== undefined) {
      this.#totalTimer = setTimeout(() => this.#timeIsUp(), times.totalTimeoutMs);
    }
    if (this.#signal?.aborted === true) this.#hangUp();
    else this.#signal?.addEventListener?.('abort', this.#hangUp);
  }

  receive(response: http.IncomingMessage, maxBytes: number, settle: (data: Buffer) => void): void {
    clearTimeout(this.#headersTimer);
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (maxBytes >= 0 && length > maxBytes) {
        this.#fail(`the answer is larger than ${maxBytes} bytes`, false, undefined, true);
      }
      chunks.push(chunk);
    });
    response.on('end', () => {
      if (!response.complete || !this.#settle()) return;
      settle(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    response.on('close', () =>
      this.#fail('the connection broke in the middle of the answer', false),
    );
    response.on('error', (error) => this.#fail(error.message, false, error));
  }

  // Node keeps the body back until the socket is connected, so "nothing was sent" is exact before that.
  #watchConnect(socket: Socket, isSecure: boolean, connectTimeoutMs: number): void {
    if (!socket.connecting) {
      this.#wasSent = true;
      return;
    }
    this.#connectTimer = setTimeout(
      () => this.#fail('the connection was not established in time', true),
      connectTimeoutMs,
    );
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(this.#connectTimer);
      this.#wasSent = true;
    });
  }

  #timeIsUp(): void {
    this.#fail(this.#hasSocket ? 'time is up' : 'no connection became free in time', true);
  }

  readonly #hangUp = (): void => this.#fail('the caller hung up', false);

  #fail(message: string, isTimeout: boolean, cause?: unknown, isTooLarge = false): void {
    if (!this.#settle()) return;
    if (this.#wasSent) cutSocket(this.#request.socket);
    this.#request.destroy();
    const what = { wasSent: this.#wasSent, wasQueued: !this.#hasSocket, isTimeout, isTooLarge };
    this.onFailure(new ExchangeError(message, { ...what, cause }));
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#totalTimer);
    clearTimeout(this.#headersTimer);
    clearTimeout(this.#connectTimer);
    this.#signal?.removeEventListener?.('abort', this.#hangUp);
    return true;
  }
}

/** Resets a connection rather than closing it: what the kernel still holds of a request is not to be delivered later. */
export function cutSocket(socket: Socket | null): void {
  if (socket === null || socket.destroyed) return;
  try {
    socket.resetAndDestroy();
  } catch {
    // Node 20 resets plain TCP only; under TLS it throws ERR_INVALID_HANDLE_TYPE (transport.test.ts "over TLS").
    socket.destroy();
  }
}
