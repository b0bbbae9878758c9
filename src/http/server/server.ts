// The Node server under Express: its limits, its times, and the drain.
import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import net from 'node:net';
import type { Express } from 'express';
import { Connections } from './connections.js';
import type { ConnectionLimits, HttpSocket } from './connections.js';
import { HEADERS_MAX, acceptAbsoluteTarget } from './request-checks.js';
import { createRefuser } from './malformed-requests.js';

export interface ServerTimes {
  /** Until a connection has sent the headers of its request, its first one or a later one. */
  readonly headersMs: number;
  /** Between two requests of a connection. Longer than the idle time of usual load balancers, so that they close first. */
  readonly keepAliveMs: number;
  /** A whole answer that its reader does not take a byte of. */
  readonly stalledMs: number;
  /** How often it is looked whose time is up. */
  readonly checkMs: number;
}

const SERVER_TIMES: ServerTimes = {
  headersMs: 10_000,
  keepAliveMs: 75_000,
  stalledMs: 60_000,
  checkMs: 2_000,
};
const HEADER_BYTES_MAX = 16 * 1024;

export interface ServerOptions {
  /** Further ones are closed as soon as they are made. */
  readonly connectionsMax: number;
  /** Told of connections that were one too many. */
  readonly onDropped?: () => void;
  readonly times?: Partial<ServerTimes>;
  readonly connections?: Partial<ConnectionLimits>;
  /** Serves https with it; `ca`: asks callers for certificates, and refuses nobody for his (client-certificate.ts does). */
  readonly tls?: ServerTls | undefined;
}

interface ServerTls {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly ca?: Buffer;
}

/** Wraps the app. Bodies have no limit in time here (the raw door keeps them open): each other door has its own. */
export function createServer(app: Express, options: ServerOptions): Server {
  const times = { ...SERVER_TIMES, ...options.times };
  const settings = {
    ...ownPrototypes(app),
    requestTimeout: 0,
    connectionsCheckingInterval: times.checkMs,
    headersTimeout: times.headersMs,
    keepAliveTimeout: times.keepAliveMs,
    maxHeaderSize: HEADER_BYTES_MAX,
  };
  const { tls } = options;
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    acceptAbsoluteTarget(req, tls === undefined ? 'http' : 'https');
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
  server.timeout = times.stalledMs;
  const connections = new Connections(server, options.connections);
  server.on('timeout', closeIfDone);
  server.on('drop', () => options.onDropped?.());
  server.on('clientError', createRefuser(connections));
  return server;
}

// A response that waits is silent. Silence is a reason to close only between two requests, and behind a complete response.
function closeIfDone(socket: HttpSocket): void {
  const isWaiting = socket._httpMessage?.writableEnded === false;
  if (!isWaiting) socket.destroy();
}

/**
 * Express changes the prototype of every request and response, which costs node 20 more than all else it does. Classes that have
 * those prototypes from birth make it a no-op (expressjs/express#5998); pinned by server.test.ts.
 */
function ownPrototypes(app: Express): http.ServerOptions {
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

/** Other certificates from now on; connections that are open stay, those that are idle do not. Nothing to do for plain HTTP. */
export function useCertificates(server: Server, tls: ServerTls): void {
  if (!(server instanceof https.Server)) return;
  server.setSecureContext(tls);
  server.closeIdleConnections();
}

/** Listens and resolves with the address as people write it. Rejects with node's error (`EADDRINUSE`, ...). */
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
 * So long a connection may be idle in a drain. Closed at once, it would take requests with it that are on their way over it, and whoever
 * sent them could not know whether they were carried out.
 */
const IDLE_IN_DRAIN_MS = 500;

/**
 * Stops accepting, lets what runs finish, and cuts what still runs after `timeoutMs`. What still comes over open connections is answered,
 * and told to close them.
 */
export async function drainServer(server: Server, timeoutMs: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
  server.prependListener('request', (_req, res) => (res.shouldKeepAlive = false));
  server.keepAliveTimeout = IDLE_IN_DRAIN_MS;
  const idle = setTimeout(() => server.closeIdleConnections(), IDLE_IN_DRAIN_MS);
  // Not that of http.Server: it closes idle connections at once.
  await new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()));
  clearTimeout(idle);
  clearTimeout(cut);
}
