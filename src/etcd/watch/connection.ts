// One open request to /v3/watch: finds a member that takes it, keeps an eye on its life and turns its bytes into messages. Knows nothing of
// the watches that share it.
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

const WATCH_PATH = '/v3/watch';

// A member that loses its leader ends the stream by itself, after three election timeouts, instead of keeping it open and silent.
const WATCH_HEADERS = { 'grpc-metadata-hasleader': 'true' };

/** A stream is opened with a token of at most this age, and outlives it: etcd looks at it again for each watch that is created later. */
const SESSION_AGE_MS_MAX = 60_000;

export interface WatchConnectionLimits {
  /** Until a member has answered the first create with headers, its connection included; then the next one is tried. */
  readonly openTimeoutMs: number;
  /** Silence after which a sign of life is asked for. */
  readonly keepaliveIdleMs: number;
  /** Silence after a request that etcd answers at once. */
  readonly keepaliveTimeoutMs: number;
  /** Of one message. */
  readonly messageBytesMax: number;
}

export interface ConnectionDeps {
  /** Who watches. */
  readonly identity: Identity;
  readonly authenticator?: CallAuthenticator | undefined;
  readonly pool: EndpointPool;
  readonly transport: Pick<Transport, 'stream'>;
  readonly limits: WatchConnectionLimits;
  readonly onUnrecognizedError: OnUnrecognizedError;
  readonly callMetrics?: CallMetrics | undefined;
}

export interface ConnectionHandlers {
  /** What to say first, each time that a member is tried: etcd answers only once something was said. With nothing to say all ends. */
  openingLines(): readonly Json[];
  onOpen(): void;
  onResponse(response: WatchResponse): void;
  /** Sends something that etcd answers at once. */
  onIdle(): void;
  /** Once, unless `destroy` came first. */
  onEnd(end: WatchEnd): void;
}

export class WatchConnection {
  readonly #deps: ConnectionDeps;
  readonly #handlers: ConnectionHandlers;
  readonly #candidates: Endpoint[];
  /** Where the stream is, or is being, opened; undefined when nothing is heard of it any more. */
  #endpoint: Endpoint | undefined;
  #session: Session | undefined;
  #stream: OpenStream | undefined;
  #probe: StreamKeepalive | undefined;
  #openTimer: NodeJS.Timeout | undefined;
  #triedAt = 0;

  constructor(deps: ConnectionDeps, handlers: ConnectionHandlers) {
    this.#deps = deps;
    this.#handlers = handlers;
    this.#candidates = deps.pool.candidates();
  }

  get isOpen(): boolean {
    return this.#probe !== undefined;
  }

  /** Tries one member after the other. What comes of it is heard after this has returned. */
  open(): void {
    const { authenticator, identity } = this.#deps;
    const endpoint = this.#candidates.shift();
    if (endpoint === undefined) {
      this.#handlers.onEnd({ kind: 'broken', error: unavailable('there is nobody left to ask') });
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
      this.#handlers.onEnd({ kind: 'broken', error: unavailable('there is nothing left to ask') });
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
      () => this.#silent(endpoint, 'etcd did not answer a watch in time'),
      limits.openTimeoutMs,
    );
    for (const line of lines) stream.write(toText(line));
  }

  /**
   * The member refuses a watch for who asks. True: another stream may be let in, since this one's token is none any more. Of a token that
   * ran out older versions say that the permission is denied: only a young one is sure to be meant.
   */
  isOutdated(refusal: 'stale' | 'denied'): boolean {
    const { authenticator, identity } = this.#deps;
    if (authenticator === undefined || this.#endpoint === undefined) return false;
    const age = performance.now() - (this.#session?.since ?? 0);
    if (refusal === 'denied' && (this.#session === undefined || age <= SESSION_AGE_MS_MAX))
      return false;
    return authenticator.dropSession(identity, this.#endpoint, this.#session);
  }

  /** Only while it is open. `isAnswered`: etcd answers it at once, so that silence afterwards means something. */
  send(line: Json, isAnswered: boolean): void {
    this.#stream?.write(toText(line));
    if (isAnswered) this.#probe?.pingSent();
  }

  /** Nothing is heard of it any more. */
  destroy(): void {
    this.#endpoint = undefined;
    clearTimeout(this.#openTimer);
    this.#probe?.stop();
    this.#probe = undefined;
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #opened(endpoint: Endpoint): void {
    clearTimeout(this.#openTimer);
    const { pool, limits } = this.#deps;
    pool.reportSuccess(endpoint);
    this.#count(endpoint, 'answered');
    this.#probe = new StreamKeepalive({
      idleMs: limits.keepaliveIdleMs,
      timeoutMs: limits.keepaliveTimeoutMs,
      sendPing: () => this.#handlers.onIdle(),
      onTimeout: () => this.#silent(endpoint, 'etcd fell silent on a watch'),
    });
    this.#handlers.onOpen();
  }

  #read(endpoint: Endpoint, stream: OpenStream, messages: JsonStreamParser, chunk: Buffer): void {
    this.#probe?.received();
    for (const message of readMessages(messages, chunk, this.#deps.onUnrecognizedError)) {
      // Whoever heard the last message may have ended all this.
      if (this.#stream !== stream) return;
      if (message.kind === 'response') {
        if (this.#isForeign(endpoint, message.response)) return;
        this.#handlers.onResponse(message.response);
      } else {
        const kind = message.effect === 'not-proposed' ? 'unreachable' : 'transient';
        this.#fail(endpoint, message.error, message.effect, kind);
      }
    }
  }

  /** Whether the endpoint leads to another cluster now. A connection does not change its cluster, so `created` is enough to check. */
  #isForeign(endpoint: Endpoint, { isCreated, clusterId }: WatchResponse): boolean {
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

  /** `fault`: what it says of the member. */
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

/** Why a stream ended without a word of etcd's. */
function explain(status: number | undefined, cause: TransportError | undefined): GatewayError {
  if (status !== undefined && status !== 200) {
    return new GatewayError('etcd-refused', {
      detail: `etcd answers a watch with ${status}`,
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
