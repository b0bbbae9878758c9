// The process' numbers, for Prometheus: the only importer of prom-client. Everybody else is handed the small interfaces that he counts by.
// Labels are bounded: routes are templates, never paths; endpoints are those configured or discovered, and past a limit all the others.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { CallMetrics } from '../etcd/calls/call-metrics.js';
import type { RequestMeter } from '../http/server/access-log.js';
import type { CallerRefusal } from '../http/load/caller-limits.js';
import type { Shed } from '../http/load/load.js';

/** What is looked at when somebody asks, and costs nothing until then. */
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
  /** A connection was one too many. */
  readonly connectionDropped: () => void;
  /** A request was refused because of load, or because its caller asks for too much. */
  readonly shed: (what: Shed | CallerRefusal | 'body-bytes') => void;
  /** Tells where the gauges are read; once. */
  observe(sources: GaugeSources): void;
  /** The text exposition of all, and its content type. */
  expose(): Promise<{ readonly type: string; readonly text: string }>;
}

const SECONDS_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** DNS may bring ever new endpoints; more than this in one life of the process share a label. */
const ENDPOINT_LABELS_MAX = 100;
const OTHER_ENDPOINTS = 'others';
/** Wakes the process this seldom to measure how late its timers are. */
const EVENT_LOOP_RESOLUTION_MS = 20;

const GAUGES: Readonly<
  Record<keyof GaugeSources, { readonly name: string; readonly help: string }>
> = {
  requestsInProgress: {
    name: 'latchkey_http_requests_in_progress',
    help: 'Requests that are being served; those that wait or stream are not among them.',
  },
  lockWaiters: {
    name: 'latchkey_lock_waiters',
    help: 'Callers that wait for a lock or an election at this gateway.',
  },
  lockHolds: {
    name: 'latchkey_lock_holds',
    help: 'Locks that are held by an open connection to this gateway.',
  },
  streams: {
    name: 'latchkey_streams',
    help: 'Event streams, watches, long polls and holds that are open.',
  },
  watchers: { name: 'latchkey_watchers', help: 'Callers that watch keys.' },
  etcdWatches: {
    name: 'latchkey_etcd_watches',
    help: 'Watches at etcd; many watchers and waiters share one.',
  },
  etcdWatchStreams: {
    name: 'latchkey_etcd_watch_streams',
    help: 'Connections to etcd that carry the watches.',
  },
  cleanUps: {
    name: 'latchkey_clean_ups',
    help: 'Clean-ups under way: leases to revoke, entries to take back.',
  },
  isDraining: { name: 'latchkey_draining', help: '1 while the gateway shuts down.' },
};

/** Numbers of its own for each gateway: nothing is kept in the module. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: EVENT_LOOP_RESOLUTION_MS,
  });
  const dropped = new Counter({
    name: 'latchkey_connections_dropped_total',
    help: 'Connections that were closed at once because there were too many.',
    registers,
  });
  const shed = new Counter({
    name: 'latchkey_http_requests_shed_total',
    help: 'Requests refused with 429: too many in progress (request), a wait or stream while busy (wait), too many of one caller (caller-rate, caller-streams), too many bytes of bodies (body-bytes).',
    labelNames: ['what'],
    registers,
  });
  new Gauge({
    name: 'latchkey_info',
    help: 'The version.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  return {
    requests: createRequestMeter(registry),
    calls: createCallMeter(registry),
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
    help: 'Requests by route, until the last byte of the answer; waits and streams last as long as they were asked to.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  return {
    served: (method, route, status, duration) =>
      seconds.observe({ method, route, status }, duration),
  };
}

function createCallMeter(registry: Registry): CallMetrics {
  const seconds = new Histogram({
    name: 'latchkey_etcd_call_duration_seconds',
    help: 'Requests to etcd by call, endpoint and result; of a stream, the time until it was open.',
    labelNames: ['rpc', 'endpoint', 'result'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  const failovers = new Counter({
    name: 'latchkey_etcd_failovers_total',
    help: 'Calls that went on to another endpoint because one did not serve them.',
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
