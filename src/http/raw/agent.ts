// An http.Agent that connects to the first endpoint of the pool that accepts a connection. Node sends a request only once it has a
// connection, so that trying the next endpoint sends nothing twice. After that there is no failover.
import { isLocalFault } from '../../etcd/transport/connection.js';
import type { Connector } from '../../etcd/transport/connection.js';
import { ConnectionAgent } from '../../etcd/transport/connection-agent.js';
import type { EndpointConnection } from '../../etcd/transport/connection-agent.js';
import type { EndpointPool } from '../../etcd/endpoints/pool.js';
import { GatewayError } from '../../core/errors.js';

export interface EndpointAgentDeps {
  readonly pool: EndpointPool;
  readonly connector: Connector;
  /** Whether later calls may use the same connections. */
  readonly keepAlive: boolean;
}

// Go's server never closes idle connections. A firewall may drop them without notice.
const IDLE_CONNECTION_MS = 15_000;
const IDLE_CONNECTIONS_MAX = 64;

export class EndpointAgent extends ConnectionAgent {
  readonly #deps: EndpointAgentDeps;

  constructor(deps: EndpointAgentDeps) {
    super(
      deps.keepAlive
        ? { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, timeout: IDLE_CONNECTION_MS }
        : { keepAlive: false },
    );
    this.#deps = deps;
  }

  protected override async make(): Promise<EndpointConnection> {
    const { pool, connector } = this.#deps;
    const failures: unknown[] = [];
    for (const endpoint of pool.candidates()) {
      try {
        return { socket: await connector.connect(endpoint), endpoint };
      } catch (error) {
        if (!isLocalFault(error)) pool.reportFailure(endpoint, 'unreachable');
        failures.push(error);
      }
    }
    const reason = failures.length === 0 ? pool.unavailableReason() : undefined;
    throw new GatewayError(reason?.code ?? 'etcd-unavailable', {
      detail: `${reason?.message ?? 'no etcd endpoint is reachable'}; nothing was sent`,
      outcome: 'not-applied',
      ...(reason?.code !== 'etcd-refused' && { retryAfterSeconds: 1 }),
      cause: new AggregateError(failures, 'every endpoint failed'),
    });
  }
}
