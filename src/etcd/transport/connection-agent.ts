// An http.Agent whose connections are made elsewhere, and which knows to whom each leads: those of an endpoint that is in trouble can be taken
// out of use at once, since each of them may be as dead as the one that failed.
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

  /** Node holds a request back until it has a connection: a rejection means that nothing was sent. */
  protected abstract make(options: ClientRequestArgs): Promise<EndpointConnection>;

  /** The endpoint that a connection of this agent leads to. */
  endpointOf(socket: Duplex): Endpoint | undefined {
    return this.#endpoints.get(socket);
  }

  /** Takes connections out of reuse, those to one endpoint or all; calls that run on them go on. */
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
}

function everySocket(sockets: Agent['sockets']): Socket[] {
  return Object.values(sockets).flatMap((group) => group ?? []);
}
