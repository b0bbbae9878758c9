// An http.Agent whose subclass creates the connections. It records the endpoint of each one. When a connection to an endpoint fails, the
// others to it may be dead too, so they can all be taken out of use at once.
import { Agent } from 'node:http';
import type { ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Endpoint } from '../endpoint.js';

type Created = (error: Error | null, socket: Duplex) => void;

export interface EndpointConnection {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
}

export abstract class ConnectionAgent extends Agent {
  readonly #endpoints = new WeakMap<Duplex, Endpoint>();
  readonly #retired = new WeakSet<Duplex>();

  /** Node sends a request only after it has a connection, so a rejection means that nothing was sent. */
  protected abstract make(options: ClientRequestArgs): Promise<EndpointConnection>;

  /** The endpoint that a connection of this agent leads to. */
  endpointOf(socket: Duplex): Endpoint | undefined {
    return this.#endpoints.get(socket);
  }

  /** Closes idle connections to one endpoint, or all. Connections with a running call are closed after it. */
  retire(endpoint?: Endpoint): void {
    const concerns = (socket: Duplex): boolean =>
      endpoint === undefined || this.#endpoints.get(socket)?.url === endpoint.url;
    for (const socket of everySocket(this.freeSockets)) if (concerns(socket)) socket.destroy();
    for (const socket of everySocket(this.sockets)) if (concerns(socket)) this.#retired.add(socket);
  }

  override createConnection(options: ClientRequestArgs, created?: Created): undefined {
    this.make(options).then(
      ({ socket, endpoint }) => {
        this.#endpoints.set(socket, endpoint);
        created?.(null, socket);
      },
      // Node ignores the socket if there is an error, but its types require one.
      (error: unknown) => created?.(error as Error, new Socket()),
    );
    return undefined;
  }

  // Node keeps the connection if this returns true; the types of Node 20 declare void.
  override keepSocketAlive(socket: Duplex): boolean {
    const keep: (socket: Duplex) => unknown = (kept) => super.keepSocketAlive(kept);
    return keep(socket) === true && !this.#retired.has(socket);
  }
}

function everySocket(sockets: Agent['sockets']): Socket[] {
  return Object.values(sockets).flatMap((group) => group ?? []);
}
