// Connections to etcd in lanes: ten thousand who wait for a lock and are woken at once queue for connections of their own, and nobody who
// only reads, renews or releases stands behind them.
import type { TrafficClass } from '../../core/caller.js';
import type { Transport } from './transport.js';

/** One transport whose calls go each over that of its lane. Closing it closes all. */
export function withTrafficClasses(lanes: Readonly<Record<TrafficClass, Transport>>): Transport {
  const all = Object.values(lanes);
  return {
    unary: (endpoint, call) => lanes[call.trafficClass ?? 'requests'].unary(endpoint, call),
    // Each has a connection of its own anyway.
    stream: (endpoint, call) => lanes.waits.stream(endpoint, call),
    retire: (endpoint) => all.forEach((lane) => lane.retire(endpoint)),
    close: () => all.forEach((lane) => lane.close()),
  };
}
