// An http.Agent that connects to the first endpoint of the pool that takes a connection. Node holds a request back until it has a
// connection, so trying the next endpoint never sends anything twice; after that there is no failover.
import { Agent } from 'node:http';
import type { ClientRequestArgs } from 'node:http';
import { connect as connectTcp, isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { Endpoint, EndpointPool } from '../../etcd/endpoints.js';
import { GatewayError } from '../../errors.js';

/** What TLS to etcd needs beyond the system's own authorities. */
export type EtcdTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;

export interface EndpointAgentDeps {
  readonly pool: EndpointPool;
  /** For one endpoint: name resolution, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly tls?: EtcdTls;
  /** Whether connections are kept for later calls. */
  readonly keepAlive: boolean;
}

// Go's server never closes idle connections; a firewall between may, and it does not tell.
const IDLE_CONNECTION_MS = 15_000;
const IDLE_CONNECTIONS_MAX = 64;
/** How soon a machine that vanished under an open stream is noticed: this, then the system's own number of probes. */
const TCP_KEEPALIVE_MS = 15_000;

type Created = (error: Error | null, socket: Duplex) => void;

export class EndpointAgent extends Agent {
  readonly #deps: EndpointAgentDeps;
  readonly #endpoints = new WeakMap<Duplex, Endpoint>();
  readonly #retired = new WeakSet<Duplex>();

  constructor(deps: EndpointAgentDeps) {
    super(
      deps.keepAlive
        ? { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, timeout: IDLE_CONNECTION_MS }
        : { keepAlive: false },
    );
    this.#deps = deps;
  }

  /** The endpoint that a connection of this agent leads to. */
  endpointOf(socket: Duplex): Endpoint | undefined {
    return this.#endpoints.get(socket);
  }

  /** Takes the connections to an endpoint out of reuse; calls that run on them go on. */
  retire(endpoint: Endpoint): void {
    for (const socket of Object.values(this.freeSockets).flatMap((sockets) => sockets ?? [])) {
      if (this.#endpoints.get(socket) === endpoint) socket.destroy();
    }
    for (const socket of Object.values(this.sockets).flatMap((sockets) => sockets ?? [])) {
      if (this.#endpoints.get(socket) === endpoint) this.#retired.add(socket);
    }
  }

  override createConnection(_options: ClientRequestArgs, created?: Created): undefined {
    this.#connectToFirst().then(
      (socket) => created?.(null, socket),
      // Node looks at no socket beside an error; its types want one.
      (error: unknown) => created?.(error as Error, new Socket()),
    );
    return undefined;
  }

  // Node keeps the connection when this answers true; the types of Node 20 say void.
  override keepSocketAlive(socket: Duplex): boolean {
    const keep: (socket: Duplex) => unknown = (kept) => super.keepSocketAlive(kept);
    return keep(socket) === true && !this.#retired.has(socket);
  }

  async #connectToFirst(): Promise<Socket> {
    const failures: unknown[] = [];
    for (const endpoint of this.#deps.pool.candidates()) {
      try {
        const socket = await connect(endpoint, this.#deps);
        this.#endpoints.set(socket, endpoint);
        return socket;
      } catch (error) {
        this.#deps.pool.reportFailure(endpoint);
        failures.push(error);
      }
    }
    throw new GatewayError('etcd-unavailable', {
      detail: 'no etcd endpoint can be reached, nothing was sent',
      outcome: 'not-applied',
      retryAfterSeconds: 1,
      cause: new AggregateError(failures, 'every endpoint failed'),
    });
  }
}

function connect(endpoint: Endpoint, deps: EndpointAgentDeps): Promise<Socket> {
  const { hostname: host, port } = endpoint;
  const { connectTimeoutMs } = deps;
  return new Promise((resolve, reject) => {
    const socket = endpoint.isSecure
      ? connectTls({
          host,
          port,
          ALPNProtocols: ['http/1.1'],
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...deps.tls,
        })
      : connectTcp({ host, port });
    const timer = setTimeout(() => {
      const detail = `${endpoint.url} took no connection within ${connectTimeoutMs} ms`;
      socket.destroy(new GatewayError('etcd-unavailable', { detail, outcome: 'not-applied' }));
    }, connectTimeoutMs);
    // Stays for good: between two owners a connection must not bring the process down by failing.
    socket.on('error', (error: Error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once(endpoint.isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.setNoDelay(true).setKeepAlive(true, TCP_KEEPALIVE_MS);
      resolve(socket);
    });
  });
}
