// One call at the raw API, from the first byte of the client to the last byte of etcd: its limits, its response and its errors.
// Both bodies pass unbuffered, streams line by line. The end of one side ends the other.
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { CallMetrics, CallResult } from '../../etcd/calls/call-metrics.js';
import { resetConnection } from '../../etcd/transport/connection.js';
import type { Endpoint } from '../../etcd/endpoint.js';
import type { EndpointPool } from '../../etcd/endpoints/pool.js';
import { GatewayError, reasonOf, shuttingDown } from '../../core/errors.js';
import type { Log } from '../../process/log.js';
import type { EndpointAgent } from './agent.js';
import { recordErrorCode } from '../response/error-code.js';
import { rawStreamError, writeRawError } from './errors.js';
import { downstreamHeaders, grpcTimeoutMs } from './headers.js';
import { LineChunks } from './line-chunks.js';
import type { HeldBytes } from './line-chunks.js';
import type { RawRpc } from './paths.js';
import {
  bodyTimeout,
  bodyTooLarge,
  connectionBroken,
  gatewayShuttingDown,
  redirectNotFollowed,
  responseTimeout,
  sessionLost,
  tokenRevokedDuringCall,
} from './call-errors.js';
import { onResponseEnd } from '../server/response-end.js';

export interface ExchangeDeps {
  readonly pool: EndpointPool;
  /** Creates the connection of this call. */
  readonly agent: EndpointAgent;
  /** Closes the idle connections to an endpoint. */
  readonly retire: (endpoint: Endpoint) => void;
  readonly requestTimeoutMs: number;
  readonly bodyLimitBytes: number;
  /** The unsent bytes of all streams together. */
  readonly held: HeldBytes;
  readonly log: Log;
  readonly callMetrics?: CallMetrics | undefined;
  /** Set if the gateway opened a session with etcd for this client. */
  readonly forgetSession?: (() => void) | undefined;
}

/** The client's `Grpc-Timeout` replaces the gateway's limit. etcd ends the call at that time, the gateway this much later. */
const GRPC_TIMEOUT_SLACK_MS = 1_000;
const GRPC_TIMEOUT_MS_MAX = 3_600_000;
/** How long the last line of a broken stream may take to be written. */
const LAST_LINE_MS = 1_000;

export class Exchange {
  readonly rpc: RawRpc;
  readonly #deps: ExchangeDeps;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #hasOwnCredential: boolean;
  readonly #timers: NodeJS.Timeout[] = [];
  #state: 'waiting' | 'responding' | 'ended' = 'waiting';
  #upstream: ClientRequest | undefined;
  #endpoint: Endpoint | undefined;
  /** Set while a stream responds. */
  #lines: LineChunks | undefined;
  /** The time at which the call got its connection; undefined once the call is counted. */
  #sentAt: number | undefined;

  constructor(deps: ExchangeDeps, rpc: RawRpc, req: IncomingMessage, res: ServerResponse) {
    this.#deps = deps;
    this.rpc = rpc;
    this.#req = req;
    this.#res = res;
    this.#hasOwnCredential = req.headers.authorization !== undefined;
    onResponseEnd(res, () => this.#close());
    res.on('error', (error) => this.#logFailure('cannot write the response', error));
    if (rpc.kind !== 'bidi-stream') this.#after(deps.requestTimeoutMs, () => this.#onBodyTimeout());
    const responseMs = this.#responseLimitMs();
    if (responseMs !== undefined)
      this.#after(responseMs, () => this.#onResponseTimeout(responseMs));
  }

  /** Call it when the request body begins. A chunked body has not announced its size. */
  watchBody(): void {
    if (this.rpc.kind === 'bidi-stream') return;
    const { bodyLimitBytes } = this.#deps;
    let bytes = 0;
    this.#req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyLimitBytes) return;
      this.#req.pause();
      if (this.#state === 'waiting') {
        this.#reject(bodyTooLarge(bodyLimitBytes, this.#upstream !== undefined));
      } else {
        this.#res.destroy();
      }
    });
  }

  /** Call it when the call gets its connection. From here on a part of it may have been sent. */
  onConnected(upstream: ClientRequest): void {
    this.#upstream = upstream;
    this.#sentAt = performance.now();
    this.#endpoint = upstream.socket ? this.#deps.agent.endpointOf(upstream.socket) : undefined;
    // Without a response a call continues within etcd until its connection closes. A waiting lock would be acquired for no client.
    if (this.#state === 'ended' || this.#res.destroyed) this.#abortUpstream();
  }

  /** Call it with etcd's response, before its body is read. */
  onResponse(upstreamRes: IncomingMessage): void {
    const status = upstreamRes.statusCode ?? 0;
    upstreamRes.on('error', (error) => this.onError(error));
    if (this.#state !== 'waiting' || this.#res.destroyed) {
      this.#abortUpstream();
      return;
    }
    if (status === 503) this.#suspect();
    else if (this.#endpoint !== undefined) this.#deps.pool.reportSuccess(this.#endpoint);
    this.#count(status === 200 ? 'answered' : status === 503 ? 'failed' : 'refused');
    if (status >= 300 && status < 400) {
      this.#reject(redirectNotFollowed(status));
      return;
    }
    if (status === 401 && this.#deps.forgetSession !== undefined) {
      this.#deps.forgetSession();
      this.#reject(sessionLost());
      return;
    }
    this.#state = 'responding';
    this.#clearTimers();
    this.#relay(status, upstreamRes);
  }

  /** Call it when connecting fails or the connection breaks. Errors after the end, and further errors, change nothing. */
  onError(error: unknown): void {
    if (this.#state === 'ended' || this.#res.destroyed) return;
    if (this.#state === 'responding') {
      this.#suspect();
      this.#logFailure('the response of etcd ended early', error);
      this.#cut(
        new GatewayError('etcd-unavailable', { detail: 'the response of etcd ended early' }),
      );
      return;
    }
    this.#suspect();
    const callError = error instanceof GatewayError ? error : connectionBroken(error);
    this.#logFailure(callError.message, callError.cause);
    this.#reject(callError);
  }

  /** Ends the call because a part of its request body was rejected. */
  rejectBody(error: GatewayError): void {
    if (this.#state === 'responding') this.#cut(error);
    else this.#reject(error);
  }

  /** Ends a call that waits or streams, because the gateway stops. Unary calls finish. */
  shutDown(): void {
    if (this.rpc.kind === 'unary' || this.#state === 'ended') return;
    if (this.#state === 'responding') {
      this.#cut(shuttingDown({ detail: 'the gateway is shutting down' }));
    } else this.#reject(gatewayShuttingDown(this.#upstream !== undefined));
  }

  /** Ends a call that waits or streams, because its client's token was revoked. */
  revoke(): void {
    if (this.rpc.kind === 'unary' || this.#state === 'ended') return;
    if (this.#state === 'responding') this.#cut(tokenRevokedDuringCall(true));
    else this.#reject(tokenRevokedDuringCall(this.#upstream !== undefined));
  }

  #relay(status: number, upstreamRes: IncomingMessage): void {
    const isUnary = this.rpc.kind === 'unary';
    // No further request can follow on this connection while the body of this one is incomplete.
    if (!this.#req.complete) this.#res.setHeader('Connection', 'close');
    if (this.#isStream) this.#res.setHeader('Cache-Control', 'no-store, no-transform');
    this.#res.writeHead(status, downstreamHeaders(upstreamRes.headers));
    if (isUnary) {
      const { requestTimeoutMs } = this.#deps;
      this.#upstream?.setTimeout(requestTimeoutMs, () => {
        if (this.#res.writableNeedDrain) this.#cutSlowReader(requestTimeoutMs);
        else
          this.onError(
            new GatewayError('timeout', { detail: `etcd sent nothing for ${requestTimeoutMs} ms` }),
          );
      });
    } else {
      this.#res.flushHeaders();
    }
    if (this.#isStream) {
      this.#lines = new LineChunks(upstreamRes, this.#res, this.#deps.held);
      this.#lines.start();
    } else {
      upstreamRes.pipe(this.#res);
    }
  }

  get #isStream(): boolean {
    return this.rpc.kind === 'server-stream' || this.rpc.kind === 'bidi-stream';
  }

  #responseLimitMs(): number | undefined {
    if (this.#isStream) return undefined;
    const clientMs = grpcTimeoutMs(this.#req.headers);
    if (clientMs !== undefined)
      return Math.min(clientMs, GRPC_TIMEOUT_MS_MAX) + GRPC_TIMEOUT_SLACK_MS;
    return this.rpc.kind === 'unary' ? this.#deps.requestTimeoutMs : undefined;
  }

  #onBodyTimeout(): void {
    if (this.#req.complete) return;
    this.#reject(bodyTimeout(this.#deps.requestTimeoutMs));
  }

  #onResponseTimeout(limitMs: number): void {
    const isSent = this.#upstream !== undefined;
    // etcd 3.4 never responds to a forged token, because it waits for the raft index in it.
    if (!this.#hasOwnCredential) this.#suspect();
    const error = responseTimeout(limitMs, isSent);
    this.#logFailure(error.message, undefined);
    this.#reject(error);
  }

  /** Responds with the gateway's own error and ends the call to etcd. */
  #reject(error: GatewayError): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'ended';
    this.#clearTimers();
    this.#abortUpstream();
    const isCutOff = error.status === 413 || error.status === 408;
    const isOpenEnded = this.rpc.kind === 'bidi-stream' && !this.#req.complete;
    if (isCutOff || isOpenEnded) this.#res.setHeader('Connection', 'close');
    // Reads and drops the rest of the body, so that the client reads the response. `watchBody` limits it.
    else this.#req.unpipe().resume();
    writeRawError(this.#res, error);
  }

  /** Not a fault of etcd, which waits for the client as well. */
  #cutSlowReader(limitMs: number): void {
    if (this.#state !== 'responding') return;
    const detail = `the client did not read the response for ${limitMs} ms`;
    this.#logFailure(detail, undefined);
    this.#cut(new GatewayError('request-timeout', { detail }));
  }

  /** Ends a response that has begun, with an error as the last line if the stream allows one. Never like a complete response. */
  #cut(error: GatewayError): void {
    this.#state = 'ended';
    recordErrorCode(this.#res, error.code);
    this.#abortUpstream();
    this.#lines?.stop();
    if (this.#lines?.isAtLineEnd !== true) {
      this.#res.destroy();
      return;
    }
    this.#after(LAST_LINE_MS, () => this.#res.destroy());
    this.#res.write(rawStreamError(error), () => this.#res.destroy());
  }

  #close(): void {
    this.#count('failed');
    const isComplete = this.#res.writableFinished && this.#req.complete;
    this.#state = 'ended';
    this.#clearTimers();
    if (!isComplete) this.#abortUpstream();
  }

  /** Resets the connection, so that no part of the call arrives after the client received an error. */
  #abortUpstream(): void {
    resetConnection(this.#upstream?.socket ?? null);
    this.#upstream?.destroy();
  }

  /** Reports the endpoint as suspect. Raw calls alone never eject an endpoint, because the client can make each of them fail. */
  #suspect(): void {
    const isBodyMissing = !this.#req.complete && this.rpc.kind !== 'bidi-stream';
    if (this.#endpoint === undefined || isBodyMissing || this.#req.errored !== null) return;
    this.#deps.pool.reportFailure(this.#endpoint, 'suspect');
    this.#deps.retire(this.#endpoint);
  }

  #count(result: CallResult): void {
    if (this.#sentAt === undefined || this.#endpoint === undefined) return;
    const seconds = (performance.now() - this.#sentAt) / 1000;
    this.#sentAt = undefined;
    this.#deps.callMetrics?.recordCall(this.rpc.path, this.#endpoint.url, result, seconds);
  }

  #logFailure(message: string, cause: unknown): void {
    const endpoint = this.#endpoint?.url;
    const requestId = this.#res.getHeader('X-Request-Id');
    const reason = reasonOf(cause);
    this.#deps.log.warn({ requestId, rpc: this.rpc.path, endpoint, reason }, message);
  }

  #after(ms: number, run: () => void): void {
    this.#timers.push(setTimeout(run, ms));
  }

  #clearTimers(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }
}
