// Runs many watches over few upstream streams. Does not resume a watch that ends with `broken`: its owner starts a new watch from its last
// position.
import type { Identity } from '../../core/caller.js';
import { GatewayError, shuttingDown } from '../../core/errors.js';
import type { CallAuthenticator } from '../auth/call-authenticator.js';
import type { CallMetrics } from '../calls/call-metrics.js';
import type { EndpointPool } from '../endpoints/pool.js';
import { RETRY_AFTER_SECONDS } from '../status.js';
import type { Transport } from '../transport/transport.js';
import type { WatchEnd, WatchHandle, WatchListener } from './watch-listener.js';
import type { OnUnrecognizedError } from './messages.js';
import { WatchStream } from './stream.js';
import type { StreamLimits } from './stream.js';
import type { WatchRequest } from '../wire.js';

export interface WatchClient {
  /** Returns before the first call of the listener. Fills one stream after the other. Identities never share a stream. */
  watch(identity: Identity, request: WatchRequest, listener: WatchListener): WatchHandle;
  /** Connections to etcd: open, being opened, or kept briefly after their last watch. */
  readonly streams: number;
  readonly watches: number;
  /** The current epoch of revisions (revision-monitor.ts); `undefined` if the client does not follow resets. */
  readonly epoch?: number | undefined;
  /** Ends all watches, and all later ones, with `broken` and `shutting-down`. */
  close(): void;
}

export interface WatchLimits extends StreamLimits {
  readonly streamsMax: number;
}

const WATCH_LIMITS: WatchLimits = {
  streamsMax: 200,
  watchesPerStreamMax: 500,
  openTimeoutMs: 2_000,
  keepaliveIdleMs: 4_000,
  keepaliveTimeoutMs: 3_000,
  lingerMs: 1_000,
  progressGapMs: 100,
  // A fragment has 2 MiB, or one event: two values of the largest request that etcd accepts, in base64.
  messageBytesMax: 64 * 1024 * 1024,
  // The deletion of a prefix with about 400,000 keys.
  revisionBytesMax: 256 * 1024 * 1024,
};

export interface WatchClientDeps {
  readonly pool: EndpointPool;
  readonly transport: Pick<Transport, 'stream'>;
  /** Authenticates streams. Without it all streams are anonymous, and clients with a login cannot watch. */
  readonly authenticator?: CallAuthenticator | undefined;
  readonly limits?: Partial<WatchLimits>;
  /** Called with unrecognized errors, which are logged. */
  readonly onUnrecognizedError?: OnUnrecognizedError;
  readonly callMetrics?: CallMetrics;
}

export function createWatchClient(deps: WatchClientDeps): WatchClient {
  const limits = { ...WATCH_LIMITS, ...deps.limits };
  const {
    pool,
    transport,
    authenticator,
    callMetrics,
    onUnrecognizedError = () => undefined,
  } = deps;
  const shared = { pool, transport, authenticator, limits, callMetrics, onUnrecognizedError };
  /** By identity, oldest first; no empty sets. */
  const streams = new Map<string, Set<WatchStream>>();
  let isClosed = false;

  const all = (): WatchStream[] => [...streams.values()].flatMap((set) => [...set]);

  function streamFor(identity: Identity): WatchStream | undefined {
    const own = streams.get(identity.key) ?? new Set<WatchStream>();
    for (const stream of own) if (stream.hasRoom) return stream;
    if (all().length >= limits.streamsMax) return undefined;
    const stream: WatchStream = new WatchStream({ ...shared, identity }, () => {
      own.delete(stream);
      if (own.size === 0 && streams.get(identity.key) === own) streams.delete(identity.key);
    });
    streams.set(identity.key, own.add(stream));
    return stream;
  }

  return {
    watch(identity, request, listener) {
      if (isClosed) return neverOpened(listener, { kind: 'broken', error: shuttingDown() });
      const stream = streamFor(identity);
      if (stream !== undefined) return stream.add(request, listener);
      return neverOpened(listener, { kind: 'refused', error: tooManyStreams(limits) });
    },
    get streams() {
      return all().length;
    },
    get watches() {
      return all().reduce((sum, stream) => sum + stream.watches, 0);
    },
    close() {
      isClosed = true;
      for (const stream of all()) stream.end(shuttingDown());
    },
  };
}

/** For a watch that is rejected before a request to etcd. */
export function neverOpened(listener: WatchListener, end: WatchEnd): WatchHandle {
  let isClosed = false;
  queueMicrotask(() => {
    if (!isClosed) listener.onEnd(end);
  });
  return { close: () => void (isClosed = true), requestProgress: () => undefined };
}

function tooManyStreams({ streamsMax, watchesPerStreamMax }: WatchLimits): GatewayError {
  return new GatewayError('too-many-requests', {
    detail: `the gateway already has ${streamsMax} watch streams, each with up to ${watchesPerStreamMax} watches`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
