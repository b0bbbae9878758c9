// Watches, as many as wanted over few upstream streams. It does not resume: a watch that ends with `broken` is watched again by its owner,
// from where he was.
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
  /** The listener hears nothing before this has returned. Fills one stream after the other; identities never share one. */
  watch(identity: Identity, request: WatchRequest, listener: WatchListener): WatchHandle;
  /** Connections to etcd: open, being opened, or kept for a moment after their last watch. */
  readonly streams: number;
  readonly watches: number;
  /** The current epoch of revisions (revision-monitor.ts); `undefined` if the client does not follow resets. */
  readonly epoch?: number | undefined;
  /** Ends all watches with `broken` and `shutting-down`, those to come too. */
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
  // Fragments are of 2 MiB, or of one event: two values of the largest request that etcd is set up to take, in base64.
  messageBytesMax: 64 * 1024 * 1024,
  // A prefix of some 400,000 keys that is deleted at once.
  revisionBytesMax: 256 * 1024 * 1024,
};

export interface WatchClientDeps {
  readonly pool: EndpointPool;
  readonly transport: Pick<Transport, 'stream'>;
  /** Who streams are opened as. Without it they are all anonymous, and nobody may watch who has a login. */
  readonly authenticator?: CallAuthenticator | undefined;
  readonly limits?: Partial<WatchLimits>;
  /** Told of errors that no table knows; wired to the log. */
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

/** For a watch that is refused before etcd is asked. */
export function neverOpened(listener: WatchListener, end: WatchEnd): WatchHandle {
  let isClosed = false;
  queueMicrotask(() => {
    if (!isClosed) listener.onEnd(end);
  });
  return { close: () => void (isClosed = true), requestProgress: () => undefined };
}

function tooManyStreams({ streamsMax, watchesPerStreamMax }: WatchLimits): GatewayError {
  return new GatewayError('too-many-requests', {
    detail: `the gateway keeps ${streamsMax} watch streams of ${watchesPerStreamMax} watches open at most`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
