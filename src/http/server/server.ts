// The Node server under Express: its limits, its timeouts and its drain.
import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import net from 'node:net';
import type { Express } from 'express';
import { acceptAbsoluteForm } from '../request/target.js';
import { Connections } from './connections.js';
import type { ConnectionLimits, HttpSocket } from './connections.js';
import { createClientErrorHandler } from './malformed-requests.js';
import { HEADERS_MAX } from './request-checks.js';

export interface ServerTimeouts {
  /** The time that a connection has to send the headers of each request. */
  readonly headersMs: number;
  /** The idle time between two requests. Longer than that of common load balancers, so that they close the connection first. */
  readonly keepAliveMs: number;
  /** The time after which a complete response that the client does not read is dropped. */
  readonly stalledMs: number;
  /** The interval at which Node checks `headersMs`. */
  readonly checkMs: number;
}

const SERVER_TIMEOUTS: ServerTimeouts = {
  headersMs: 10_000,
  keepAliveMs: 75_000,
  stalledMs: 60_000,
  checkMs: 2_000,
};
const HEADER_BYTES_MAX = 16 * 1024;

export interface ServerOptions {
  /** Excess connections are closed at once. */
  readonly connectionsMax: number;
  /** Called for each excess connection. */
  readonly onDropped?: () => void;
  readonly timeouts?: Partial<ServerTimeouts>;
  readonly connections?: Partial<ConnectionLimits>;
  /** Serves https. With `ca` the server requests client certificates, but does not check them (client-certificate.ts does). */
  readonly tls?: ServerTls | undefined;
}

interface ServerTls {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly ca?: Buffer;
}

/** Creates the server. Bodies have no timeout here, because the raw API keeps them open: each other API sets its own. */
export function createServer(app: Express, options: ServerOptions): Server {
  const timeouts = { ...SERVER_TIMEOUTS, ...options.timeouts };
  const settings = {
    ...classesWithPrototypes(app),
    requestTimeout: 0,
    connectionsCheckingInterval: timeouts.checkMs,
    headersTimeout: timeouts.headersMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    maxHeaderSize: HEADER_BYTES_MAX,
  };
  const { tls } = options;
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    acceptAbsoluteForm(req, tls === undefined ? 'http' : 'https');
    app(req, res);
  };
  const server =
    tls === undefined
      ? http.createServer(settings, listener)
      : https.createServer(
          { ...settings, ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false },
          listener,
        );
  server.maxHeadersCount = HEADERS_MAX + 1;
  server.maxConnections = options.connectionsMax;
  server.timeout = timeouts.stalledMs;
  const connections = new Connections(server, options.connections);
  server.on('timeout', closeUnlessWaiting);
  server.on('drop', () => options.onDropped?.());
  server.on('clientError', createClientErrorHandler(connections));
  return server;
}

// A response that waits sends nothing. Silence closes a connection only between two requests, and after a complete response.
function closeUnlessWaiting(socket: HttpSocket): void {
  const isWaiting = socket._httpMessage?.writableEnded === false;
  if (!isWaiting) socket.destroy();
}

/**
 * Returns request and response classes that have Express's prototypes from the start. Express sets the prototype of every request and
 * response, which is its largest cost on Node 20; with these classes that is a no-op (expressjs/express#5998). Pinned by server.test.ts.
 */
function classesWithPrototypes(app: Express): http.ServerOptions {
  class GatewayRequest extends http.IncomingMessage {}
  class GatewayResponse extends http.ServerResponse {}
  Object.setPrototypeOf(GatewayRequest.prototype, app.request);
  Object.setPrototypeOf(GatewayResponse.prototype, app.response);
  app.request = GatewayRequest.prototype as Express['request'];
  app.response = GatewayResponse.prototype as unknown as Express['response'];
  return {
    IncomingMessage: GatewayRequest,
    ServerResponse: GatewayResponse as typeof http.ServerResponse,
  };
}

/** Uses other certificates for new connections and closes idle ones. Busy connections stay open. Does nothing for plain HTTP. */
export function useCertificates(server: Server, tls: ServerTls): void {
  if (!(server instanceof https.Server)) return;
  server.setSecureContext(tls);
  server.closeIdleConnections();
}

/** Listens. Resolves with the URL of the server; rejects with Node's error, such as `EADDRINUSE`. */
export async function listen(
  server: Server,
  address: { host: string; port: number },
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  const scheme = server instanceof https.Server ? 'https' : 'http';
  return `${scheme}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`;
}

/**
 * How long a connection may be idle during a drain. If it closed at once, a request on its way would fail, and its client could not know
 * whether it was carried out.
 */
const IDLE_IN_DRAIN_MS = 500;

/**
 * Stops accepting connections, lets running requests finish, and closes all connections after `timeoutMs`. Requests that still arrive on
 * open connections are served, with `Connection: close`.
 */
export async function drainServer(server: Server, timeoutMs: number): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), timeoutMs);
  server.prependListener('request', (_req, res) => (res.shouldKeepAlive = false));
  server.keepAliveTimeout = IDLE_IN_DRAIN_MS;
  const idle = setTimeout(() => server.closeIdleConnections(), IDLE_IN_DRAIN_MS);
  // Not the `close` of http.Server, which closes idle connections at once.
  await new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()));
  clearTimeout(idle);
  clearTimeout(deadline);
}
