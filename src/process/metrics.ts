// Prometheus metrics of the process. The only importer of prom-client; other modules get small interfaces to count with.
// Labels are bounded: routes are templates, never paths; endpoints are the configured or discovered ones, above a limit `others`.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { CallMetrics } from '../etcd/calls/call-metrics.js';
import type { RequestMeter } from '../http/server/access-log.js';

/** Functions that are called when metrics are collected. */
export interface GaugeSources {
  readonly requestsInProgress: () => number;
  readonly lockWaiters: () => number;
  readonly lockHolds: () => number;
  readonly streams: () => number;
  readonly watchers: () => number;
  readonly etcdWatches: () => number;
  readonly etcdWatchStreams: () => number;
  readonly cleanUps: () => number;
  readonly isDraining: () => boolean;
}

export interface Metrics {
  readonly requests: RequestMeter;
  readonly calls: CallMetrics;
  /** Counts a connection that was closed because of the limit. */
  readonly connectionDropped: () => void;
  /** Counts a request that was rejected because of load, or because of the limits of its client. */
  readonly shed: (
    what: 'request' | 'wait' | 'caller-rate' | 'caller-streams' | 'body-bytes',
  ) => void;
  /** Registers the sources of the gauges. Call it once. */
  observe(sources: GaugeSources): void;
  /** Returns all metrics in the text format, and its content type. */
  expose(): Promise<{ readonly type: string; readonly text: string }>;
}

const SECONDS_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** Discovery can return new endpoints indefinitely; endpoints above this number share a label. */
const ENDPOINT_LABELS_MAX = 100;
const OTHER_ENDPOINTS = 'others';
/** Interval at which the delay of timers is measured. */
const EVENT_LOOP_RESOLUTION_MS = 20;

const GAUGES: Readonly<
  Record<keyof GaugeSources, { readonly name: string; readonly help: string }>
> = {
  requestsInProgress: {
    name: 'latchkey_http_requests_in_progress',
    help: 'Requests in progress, without waits and streams.',
  },
  lockWaiters: {
    name: 'latchkey_lock_waiters',
    help: 'Clients that wait for a lock or an election at this gateway.',
  },
  lockHolds: {
    name: 'latchkey_lock_holds',
    help: 'Locks that an open connection to this gateway holds.',
  },
  streams: {
    name: 'latchkey_streams',
    help: 'Open event streams, watches, long polls and holds.',
  },
  watchers: { name: 'latchkey_watchers', help: 'Clients that watch keys.' },
  etcdWatches: {
    name: 'latchkey_etcd_watches',
    help: 'Watches in etcd; watchers and waiters share them.',
  },
  etcdWatchStreams: {
    name: 'latchkey_etcd_watch_streams',
    help: 'Connections to etcd for watches.',
  },
  cleanUps: {
    name: 'latchkey_clean_ups',
    help: 'Clean-ups in progress: leases to revoke, entries to delete.',
  },
  isDraining: { name: 'latchkey_draining', help: '1 while the gateway shuts down.' },
};

/** Each gateway has its own registry: the module has no state. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: EVENT_LOOP_RESOLUTION_MS,
  });
  const dropped = new Counter({
    name: 'latchkey_connections_dropped_total',
    help: 'Connections that were closed immediately because of the limit.',
    registers,
  });
  const shed = new Counter({
    name: 'latchkey_http_requests_shed_total',
    help: 'Requests rejected with 429: too many in progress (request), a wait or stream while busy (wait), too many of one client (caller-rate, caller-streams), too many bytes of bodies (body-bytes).',
    labelNames: ['what'],
    registers,
  });
  new Gauge({
    name: 'latchkey_info',
    help: 'The version of the gateway, as a label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  return {
    requests: createRequestMeter(registry),
    calls: createCallMetrics(registry),
    connectionDropped: () => dropped.inc(),
    shed: (what) => shed.inc({ what }),
    observe(sources) {
      for (const [source, { name, help }] of Object.entries(GAUGES)) {
        const read = sources[source as keyof GaugeSources];
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(Number(read()));
          },
        });
      }
    },
    async expose() {
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

function createRequestMeter(registry: Registry): RequestMeter {
  const seconds = new Histogram({
    name: 'latchkey_http_request_duration_seconds',
    help: 'Duration of requests by route until the last byte of the response, including waits and streams.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  return {
    served: (method, route, status, duration) =>
      seconds.observe({ method, route, status }, duration),
  };
}

function createCallMetrics(registry: Registry): CallMetrics {
  const seconds = new Histogram({
    name: 'latchkey_etcd_call_duration_seconds',
    help: 'Duration of requests to etcd by RPC, endpoint and result; for a stream, the time until it was open.',
    labelNames: ['rpc', 'endpoint', 'result'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  const failovers = new Counter({
    name: 'latchkey_etcd_failovers_total',
    help: 'Requests to etcd that were repeated at another endpoint.',
    labelNames: ['rpc'],
    registers: [registry],
  });
  const known = new Set<string>();
  const labelOf = (endpointUrl: string): string => {
    if (known.has(endpointUrl)) return endpointUrl;
    if (known.size >= ENDPOINT_LABELS_MAX) return OTHER_ENDPOINTS;
    known.add(endpointUrl);
    return endpointUrl;
  };
  return {
    recordCall: (rpc, endpointUrl, result, duration) =>
      seconds.observe({ rpc, endpoint: labelOf(endpointUrl), result }, duration),
    recordFailover: (rpc) => failovers.inc({ rpc }),
  };
}
