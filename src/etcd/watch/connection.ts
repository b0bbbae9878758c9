// One open request to /v3/watch: finds a member that accepts it, detects a dead connection and parses its messages. Does not know the
// watches that share it.
import type { Identity } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { CallAuthenticator } from '../auth/call-authenticator.js';
import type { Session } from '../auth/sessions.js';
import type { CallMetrics, CallResult } from '../calls/call-metrics.js';
import type { Endpoint } from '../endpoint.js';
import type { FailureKind } from '../endpoints/health.js';
import type { EndpointPool } from '../endpoints/pool.js';
import { isLocalFault } from '../transport/connection.js';
import type { TransportError } from '../transport/http-adapter.js';
import type { OpenStream } from '../transport/http-stream.js';
import { StreamKeepalive } from './stream-keepalive.js';
import { JsonStreamParser } from '../transport/json-stream-parser.js';
import { decimalId } from '../json-values.js';
import type { Json } from '../json-values.js';
import { RETRY_AFTER_SECONDS } from '../status.js';
import type { Effect } from '../status.js';
import type { Transport } from '../transport/transport.js';
import { readMessages } from './messages.js';
import type { OnUnrecognizedError } from './messages.js';
import type { WatchEnd } from './watch-listener.js';
import type { WatchResponse } from '../wire.js';

export const WATCH_PATH = '/v3/watch';

// With this header a member without a leader ends the stream after three election timeouts, instead of keeping it open and silent.
const WATCH_HEADERS = { 'grpc-metadata-hasleader': 'true' };

/** Maximum age of the token when a stream opens. The stream may outlive it, and etcd checks the token again for each later watch. */
const SESSION_AGE_MS_MAX = 60_000;

export interface WatchConnectionLimits {
  /** Time for the connection and the response headers of one member; then the next one is tried. */
  readonly openTimeoutMs: number;
  /** Silence after which a ping is sent. */
  readonly keepaliveIdleMs: number;
  /** Silence after a request to which etcd responds immediately. */
  readonly keepaliveTimeoutMs: number;
  /** For one message. */
  readonly messageBytesMax: number;
}

export interface ConnectionDeps {
  /** The identity of the watches. */
  readonly identity: Identity;
  readonly authenticator?: CallAuthenticator | undefined;
  readonly pool: EndpointPool;
  readonly transport: Pick<Transport, 'stream'>;
  readonly limits: WatchConnectionLimits;
  readonly onUnrecognizedError: OnUnrecognizedError;
  readonly callMetrics?: CallMetrics | undefined;
}

export interface ConnectionHandlers {
  /** Returns the first requests for each member that is tried: etcd responds only to a request. Without any, the connection ends. */
  openingLines(): readonly Json[];
  onOpen(): void;
  onResponse(response: WatchResponse): void;
  /** Must send a request to which etcd responds immediately. */
  onIdle(): void;
  /** Called once, unless `destroy` was called first. */
  onEnd(end: WatchEnd): void;
}

export class WatchConnection {
  readonly #deps: ConnectionDeps;
  readonly #handlers: ConnectionHandlers;
  readonly #candidates: Endpoint[];
  /** The endpoint at which the stream is open or being opened; undefined after the end. */
  #endpoint: Endpoint | undefined;
  #session: Session | undefined;
  #stream: OpenStream | undefined;
  #keepalive: StreamKeepalive | undefined;
  #openTimer: NodeJS.Timeout | undefined;
  #triedAt = 0;

  constructor(deps: ConnectionDeps, handlers: ConnectionHandlers) {
    this.#deps = deps;
    this.#handlers = handlers;
    this.#candidates = deps.pool.candidates();
  }

  get isOpen(): boolean {
    return this.#keepalive !== undefined;
  }

  /** Tries one member after the other. Reports the result after it returned. */
  open(): void {
    const { authenticator, identity } = this.#deps;
    const endpoint = this.#candidates.shift();
    if (endpoint === undefined) {
      this.#handlers.onEnd({
        kind: 'broken',
        error: unavailable('no further etcd endpoint can be tried'),
      });
      return;
    }
    this.#endpoint = endpoint;
    this.#triedAt = performance.now();
    if (authenticator === undefined) {
      // Otherwise the stream would run with rights that are not the client's.
      if (identity.login !== undefined)
        throw new Error('a watcher with a login requires a CallAuthenticator');
      this.#openStream(endpoint);
      return;
    }
    void authenticator.authenticate(identity, endpoint, SESSION_AGE_MS_MAX).then((result) => {
      if (this.#endpoint !== endpoint) return;
      if (result.kind === 'authenticated') this.#openStream(endpoint, result.session);
      else if (result.kind === 'failed') this.#fail(endpoint, result.error, 'definite', undefined);
      else this.#fail(endpoint, result.error, 'unknown', result.fault);
    });
  }

  #openStream(endpoint: Endpoint, session?: Session): void {
    const { transport, limits } = this.#deps;
    const lines = this.#handlers.openingLines();
    if (lines.length === 0) {
      this.#handlers.onEnd({
        kind: 'broken',
        error: unavailable('all watches of the connection were closed'),
      });
      return;
    }
    this.#session = session;
    const messages = new JsonStreamParser(limits.messageBytesMax);
    let status: number | undefined;
    const token = session?.token;
    const stream = transport.stream(endpoint, {
      path: WATCH_PATH,
      headers: { ...WATCH_HEADERS, ...(token !== undefined && { authorization: token }) },
      onHead: (code) => {
        status = code;
        if (code === 200) this.#opened(endpoint);
      },
      onData: (chunk) => this.#read(endpoint, stream, messages, chunk),
      onEnd: (cause) => {
        const kind = cause?.wasSent === false ? 'unreachable' : 'transient';
        const fault = isLocalFault(cause) ? undefined : kind;
        this.#fail(endpoint, explain(status, cause), 'unknown', fault);
      },
    });
    this.#stream = stream;
    this.#openTimer = setTimeout(
      () => this.#silent(endpoint, 'etcd did not respond to a watch in time'),
      limits.openTimeoutMs,
    );
    for (const line of lines) stream.write(toText(line));
  }

  /**
   * Call it when the member rejects the client of a watch. Returns true if another stream may be accepted, because the token of this one is
   * no longer valid. Older versions report an expired token as denied, so `denied` counts only for a recent token.
   */
  isOutdated(refusal: 'stale' | 'denied'): boolean {
    const { authenticator, identity } = this.#deps;
    if (authenticator === undefined || this.#endpoint === undefined) return false;
    const age = performance.now() - (this.#session?.since ?? 0);
    if (refusal === 'denied' && (this.#session === undefined || age <= SESSION_AGE_MS_MAX))
      return false;
    return authenticator.dropSession(identity, this.#endpoint, this.#session);
  }

  /** Call it only while it is open. `expectsResponse`: etcd responds immediately, so silence afterwards counts as a failure. */
  send(line: Json, expectsResponse: boolean): void {
    this.#stream?.write(toText(line));
    if (expectsResponse) this.#keepalive?.pingSent();
  }

  /** Ends the connection. No handler is called afterwards. */
  destroy(): void {
    this.#endpoint = undefined;
    clearTimeout(this.#openTimer);
    this.#keepalive?.stop();
    this.#keepalive = undefined;
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #opened(endpoint: Endpoint): void {
    clearTimeout(this.#openTimer);
    const { pool, limits } = this.#deps;
    pool.reportSuccess(endpoint);
    this.#count(endpoint, 'answered');
    this.#keepalive = new StreamKeepalive({
      idleMs: limits.keepaliveIdleMs,
      timeoutMs: limits.keepaliveTimeoutMs,
      sendPing: () => this.#handlers.onIdle(),
      onTimeout: () => this.#silent(endpoint, 'etcd stopped responding on a watch'),
    });
    this.#handlers.onOpen();
  }

  #read(endpoint: Endpoint, stream: OpenStream, messages: JsonStreamParser, chunk: Buffer): void {
    this.#keepalive?.received();
    for (const message of readMessages(messages, chunk, this.#deps.onUnrecognizedError)) {
      // A handler of the last message may have ended the connection.
      if (this.#stream !== stream) return;
      if (message.kind === 'response') {
        if (this.#isOtherCluster(endpoint, message.response)) return;
        this.#handlers.onResponse(message.response);
      } else {
        const kind = message.effect === 'not-proposed' ? 'unreachable' : 'transient';
        this.#fail(endpoint, message.error, message.effect, kind);
      }
    }
  }

  /** Returns whether the endpoint now leads to another cluster. A connection does not change its cluster, so `created` is enough to check. */
  #isOtherCluster(endpoint: Endpoint, { isCreated, clusterId }: WatchResponse): boolean {
    if (!isCreated || clusterId === '') return false;
    if (this.#deps.pool.checkCluster(endpoint, decimalId(clusterId))) return false;
    this.#fail(
      endpoint,
      unavailable('the endpoint belongs to another cluster'),
      'unknown',
      undefined,
    );
    return true;
  }

  #silent(endpoint: Endpoint, detail: string): void {
    this.#fail(endpoint, unavailable(detail), 'unknown', 'unreachable');
  }

  /** `fault`: the failure to report for the member, if any. */
  #fail(
    endpoint: Endpoint,
    error: GatewayError,
    effect: Effect,
    fault: FailureKind | undefined,
  ): void {
    const wasOpen = this.isOpen;
    this.destroy();
    if (!wasOpen) this.#count(endpoint, effect === 'definite' ? 'refused' : 'failed');
    if (effect === 'definite') {
      this.#handlers.onEnd({ kind: 'refused', error });
      return;
    }
    if (fault !== undefined) this.#deps.pool.reportFailure(endpoint, fault, error);
    if (wasOpen || this.#candidates.length === 0) this.#handlers.onEnd({ kind: 'broken', error });
    else {
      this.#deps.callMetrics?.recordFailover(WATCH_PATH);
      this.open();
    }
  }

  #count(endpoint: Endpoint, result: CallResult): void {
    const seconds = (performance.now() - this.#triedAt) / 1000;
    this.#deps.callMetrics?.recordCall(WATCH_PATH, endpoint.url, result, seconds);
  }
}

function toText(line: Json): string {
  return `${JSON.stringify(line)}\n`;
}

/** Returns why a stream ended without an error message from etcd. */
function explain(status: number | undefined, cause: TransportError | undefined): GatewayError {
  if (status !== undefined && status !== 200) {
    return new GatewayError('etcd-refused', {
      detail: `etcd responded to a watch with status ${status}`,
      cause,
    });
  }
  if (cause?.wasSent === false) return unavailable('etcd cannot be reached', cause);
  return unavailable('the connection of a watch to etcd broke', cause);
}

function unavailable(detail: string, cause?: unknown): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
