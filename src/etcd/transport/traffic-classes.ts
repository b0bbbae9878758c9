// Separates connections to etcd by traffic class. Ten thousand lock waiters that wake at once queue for their own connections, and do not
// delay reads, renewals or releases.
import type { TrafficClass } from '../../core/caller.js';
import type { Transport } from './transport.js';

/** Returns a transport that sends each call over the transport of its traffic class. Closing it closes all of them. */
export function withTrafficClasses(
  transports: Readonly<Record<TrafficClass, Transport>>,
): Transport {
  const all = Object.values(transports);
  return {
    unary: (endpoint, call) => transports[call.trafficClass ?? 'requests'].unary(endpoint, call),
    // Each stream has its own connection.
    stream: (endpoint, call) => transports.waits.stream(endpoint, call),
    retire: (endpoint) => all.forEach((transport) => transport.retire(endpoint)),
    close: () => all.forEach((transport) => transport.close()),
  };
}
