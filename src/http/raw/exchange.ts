// One call at the raw door from the caller's first byte to etcd's last: its limits, its answer, and what is said when it breaks.
// Both bodies flow through unbuffered, streams by lines; the end of one side ends the other.
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { CallMetrics, CallResult } from '../../etcd/calls/call-metrics.js';
import { resetConnection } from '../../etcd/transport/connection.js';
import type { Endpoint } from '../../etcd/endpoint.js';
import type { EndpointPool } from '../../etcd/endpoints/pool.js';
import { GatewayError, reasonOf, shuttingDown } from '../../core/errors.js';
import type { Log } from '../../process/log.js';
import type { EndpointAgent } from './agent.js';
import { noteErrorCode } from '../response/error-code.js';
import { rawStreamError, writeRawError } from './errors.js';
import { downstreamHeaders, grpcTimeoutMs } from './headers.js';
import { LineChunks } from './line-chunks.js';
import type { HeldBytes } from './line-chunks.js';
import type { RawRpc } from './paths.js';
import { brokenCall, lateAnswer, lateBody, redirected } from './refusals.js';
import { sessionForgotten, callCutShort, tooLarge, withdrawn } from './refusals.js';
import { onceOver } from '../server/response-end.js';

export interface ExchangeDeps {
  readonly pool: EndpointPool;
  /** The agent that this call's connection comes from. */
  readonly agent: EndpointAgent;
  /** Takes idle connections to an endpoint out of use, in every agent. */
  readonly retire: (endpoint: Endpoint) => void;
  readonly requestTimeoutMs: number;
  readonly bodyLimitBytes: number;
  /** What all streams hold together. */
  readonly held: HeldBytes;
  readonly log: Log;
  readonly callMetrics?: CallMetrics | undefined;
  /** Set where the gateway opened a session with etcd for this caller. */
  readonly forgetSession?: (() => void) | undefined;
}

/** A caller's own `Grpc-Timeout` replaces the gateway's limit; etcd ends the call then, and this much later the gateway does. */
const GRPC_TIMEOUT_SLACK_MS = 1_000;
const GRPC_TIMEOUT_MS_MAX = 3_600_000;
/** How long the last line of a broken stream may take to leave. */
const LAST_LINE_MS = 1_000;

export class Exchange {
  readonly rpc: RawRpc;
  readonly #deps: ExchangeDeps;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #hasOwnCredential: boolean;
  readonly #timers: NodeJS.Timeout[] = [];
  #state: 'waiting' | 'answering' | 'over' = 'waiting';
  #upstream: ClientRequest | undefined;
  #endpoint: Endpoint | undefined;
  /** Of a stream that is answered. */
  #lines: LineChunks | undefined;
  /** When the call got its connection; `undefined` once it is counted. */
  #sentAt: number | undefined;

  constructor(deps: ExchangeDeps, rpc: RawRpc, req: IncomingMessage, res: ServerResponse) {
    this.#deps = deps;
    this.rpc = rpc;
    this.#req = req;
    this.#res = res;
    this.#hasOwnCredential = req.headers.authorization !== undefined;
    onceOver(res, () => this.#close());
    res.on('error', (error) => this.#logFailure('the answer cannot be written', error));
    if (rpc.kind !== 'bidi-stream') this.#after(deps.requestTimeoutMs, () => this.#bodyIsLate());
    const answerMs = this.#answerLimitMs();
    if (answerMs !== undefined) this.#after(answerMs, () => this.#answerIsLate(answerMs));
  }

  /** Call it when the request body starts to flow: a chunked one has not told its size before. */
  watchBody(): void {
    if (this.rpc.kind === 'bidi-stream') return;
    const { bodyLimitBytes } = this.#deps;
    let bytes = 0;
    this.#req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyLimitBytes) return;
      this.#req.pause();
      if (this.#state === 'waiting') {
        this.#refuse(tooLarge(bodyLimitBytes, this.#upstream !== undefined));
      } else {
        this.#res.destroy();
      }
    });
  }

  /** Call it when the call has got its connection: from here on something may have been sent. */
  connected(upstream: ClientRequest): void {
    this.#upstream = upstream;
    this.#sentAt = performance.now();
    this.#endpoint = upstream.socket ? this.#deps.agent.endpointOf(upstream.socket) : undefined;
    // An unanswered call goes on inside etcd until its connection ends: a waiting lock would be held by nobody.
    if (this.#state === 'over' || this.#res.destroyed) this.#letGo();
  }

  /** Call it with etcd's answer, its body unread. */
  answer(upstreamRes: IncomingMessage): void {
    const status = upstreamRes.statusCode ?? 0;
    upstreamRes.on('error', (error) => this.fail(error));
    if (this.#state !== 'waiting' || this.#res.destroyed) {
      this.#letGo();
      return;
    }
    if (status === 503) this.#suspect();
    else this.#reportSuccess();
    this.#count(status === 200 ? 'answered' : status === 503 ? 'failed' : 'refused');
    if (status >= 300 && status < 400) {
      this.#refuse(redirected(status));
      return;
    }
    if (status === 401 && this.#deps.forgetSession !== undefined) {
      this.#deps.forgetSession();
      this.#refuse(sessionForgotten());
      return;
    }
    this.#state = 'answering';
    this.#clearTimers();
    this.#relay(status, upstreamRes);
  }

  /** Call it when the connection cannot be had, or breaks. Further calls, and failures after the end, change nothing. */
  fail(error: unknown): void {
    if (this.#state === 'over' || this.#res.destroyed) return;
    if (this.#state === 'answering') {
      this.#suspect();
      this.#logFailure('etcd broke off its answer', error);
      this.#cut(new GatewayError('etcd-unavailable', { detail: 'etcd broke off its answer' }));
      return;
    }
    this.#suspect();
    const refusal = error instanceof GatewayError ? error : brokenCall(error);
    this.#logFailure(refusal.message, refusal.cause);
    this.#refuse(refusal);
  }

  /** Call it when the rest of the request body is not passed on, because of this. */
  refuseBody(error: GatewayError): void {
    if (this.#state === 'answering') this.#cut(error);
    else this.#refuse(error);
  }

  /** Ends a call that has no end of its own, because the gateway stops. Others are left to finish. */
  shutDown(): void {
    if (this.rpc.kind === 'unary' || this.#state === 'over') return;
    if (this.#state === 'answering') {
      this.#cut(shuttingDown({ detail: 'the gateway is shutting down' }));
    } else this.#refuse(callCutShort(this.#upstream !== undefined));
  }

  /** Ends a call that has no end of its own, because its caller is let in no more. */
  withdraw(): void {
    if (this.rpc.kind === 'unary' || this.#state === 'over') return;
    if (this.#state === 'answering') this.#cut(withdrawn(true));
    else this.#refuse(withdrawn(this.#upstream !== undefined));
  }

  #relay(status: number, upstreamRes: IncomingMessage): void {
    const isUnary = this.rpc.kind === 'unary';
    // With the request body still open nothing else can come on this connection.
    if (!this.#req.complete) this.#res.setHeader('Connection', 'close');
    if (this.#isStream) this.#res.setHeader('Cache-Control', 'no-store, no-transform');
    this.#res.writeHead(status, downstreamHeaders(upstreamRes.headers));
    if (isUnary) {
      const { requestTimeoutMs } = this.#deps;
      this.#upstream?.setTimeout(requestTimeoutMs, () => {
        if (this.#res.writableNeedDrain) this.#cutSlowReader(requestTimeoutMs);
        else
          this.fail(new GatewayError('timeout', { detail: `silent for ${requestTimeoutMs} ms` }));
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

  #answerLimitMs(): number | undefined {
    if (this.#isStream) return undefined;
    const askedMs = grpcTimeoutMs(this.#req.headers);
    if (askedMs !== undefined)
      return Math.min(askedMs, GRPC_TIMEOUT_MS_MAX) + GRPC_TIMEOUT_SLACK_MS;
    return this.rpc.kind === 'unary' ? this.#deps.requestTimeoutMs : undefined;
  }

  #bodyIsLate(): void {
    if (this.#req.complete) return;
    this.#refuse(lateBody(this.#deps.requestTimeoutMs));
  }

  #answerIsLate(limitMs: number): void {
    const isSent = this.#upstream !== undefined;
    // etcd 3.4 does not respond to a forged token, because it waits for the raft index in it.
    if (!this.#hasOwnCredential) this.#suspect();
    const error = lateAnswer(limitMs, isSent);
    this.#logFailure(error.message, undefined);
    this.#refuse(error);
  }

  /** Answers with the gateway's own error and lets go of etcd. */
  #refuse(error: GatewayError): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'over';
    this.#clearTimers();
    this.#letGo();
    const isCutOff = error.status === 413 || error.status === 408;
    const isOpenEnded = this.rpc.kind === 'bidi-stream' && !this.#req.complete;
    if (isCutOff || isOpenEnded) this.#res.setHeader('Connection', 'close');
    // The rest of the body is read and dropped, so that the caller gets to read the answer; watchBody() bounds it.
    else this.#req.unpipe().resume();
    writeRawError(this.#res, error);
  }

  /** The client reads nothing: that etcd waits as well proves nothing. */
  #cutSlowReader(limitMs: number): void {
    if (this.#state !== 'answering') return;
    const detail = `the client did not read the response for ${limitMs} ms`;
    this.#logFailure(detail, undefined);
    this.#cut(new GatewayError('request-timeout', { detail }));
  }

  /** Ends an answer that has begun: a last line where the stream allows one, and never the end of a complete answer. */
  #cut(error: GatewayError): void {
    this.#state = 'over';
    noteErrorCode(this.#res, error.code);
    this.#letGo();
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
    this.#state = 'over';
    this.#clearTimers();
    if (!isComplete) this.#letGo();
  }

  /** Whatever of the call is still on its way is not to arrive after its caller has been told an end. */
  #letGo(): void {
    resetConnection(this.#upstream?.socket ?? null);
    this.#upstream?.destroy();
  }

  #reportSuccess(): void {
    if (this.#endpoint !== undefined) this.#deps.pool.reportSuccess(this.#endpoint);
  }

  /** Raw calls alone never eject an endpoint: what the client sends, or does not send, can make each of them fail. */
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
