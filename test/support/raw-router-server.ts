// A server with the raw API only, and a fake etcd that records its requests.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import express from 'express';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { GATEWAY_IDENTITY } from '../../src/core/caller.js';
import { createConnector } from '../../src/etcd/transport/connection.js';
import { EndpointPool } from '../../src/etcd/endpoints/pool.js';
import { createContext } from '../../src/http/request/context.js';
import { createRawRouter } from '../../src/http/raw/router.js';
import { passedAuthorization } from '../../src/http/raw/headers.js';
import type { RawRouterDeps, RawLimits } from '../../src/http/raw/router.js';

export interface RawRouterServer {
  readonly port: number;
  readonly url: string;
  readonly pool: EndpointPool;
  /** The log lines so far. */
  readonly log: readonly string[];
  /** Returns the number of open client connections. */
  connections(): Promise<number>;
}

export interface RawRouterServerOptions extends Pick<RawRouterDeps, 'draining'> {
  readonly limits?: Partial<RawLimits>;
  readonly connectTimeoutMs?: number;
  /** A certificate authority for https endpoints. */
  readonly ca?: string;
}

/** Serves the raw API for these endpoints until the test ends. Other requests get 404 `not the raw API`. */
export async function serveRawRouter(
  endpoints: readonly string[],
  { limits = {}, connectTimeoutMs = 1_000, ca, ...rest }: RawRouterServerOptions = {},
): Promise<RawRouterServer> {
  const pool = new EndpointPool(endpoints);
  const secureContext = ca === undefined ? undefined : createSecureContext({ ca });
  const connector = createConnector({ connectTimeoutMs, secureContext: () => secureContext });
  const log: string[] = [];
  const app = express();
  app.use(createContext({ requestTimeoutSeconds: 10 }, GATEWAY_IDENTITY));
  app.use(
    createRawRouter({
      pool,
      connector,
      credentialsFor: (_caller, _rpc, headers) => {
        const authorization = passedAuthorization(headers);
        return Promise.resolve(authorization === undefined ? {} : { authorization });
      },
      limits: {
        requestTimeoutSeconds: 10,
        bodyLimitBytes: 2_097_152,
        ...limits,
      },
      log: pino({ level: 'debug' }, { write: (line) => void log.push(line) }),
      ...rest,
    }),
  );
  app.use((_req, res) => {
    res.status(404).send('not the raw API');
  });
  const server = createServer({ requestTimeout: 0 }, app);
  const port = await listen(server);
  const connections = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  return { port, url: `http://127.0.0.1:${port}`, pool, log, connections };
}

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Upstream {
  readonly endpoint: string;
  /** Requests that have arrived completely. */
  readonly requests: readonly Recorded[];
  /** Returns the number of connections so far. */
  connectionsMade(): number;
  /** Cuts every connection and stops the server. */
  stop(): Promise<void>;
}

type Responder = (req: IncomingMessage, res: ServerResponse, body: string) => void;

/** Starts a fake etcd until the test ends. It responds with `{}` by default. */
export async function recordUpstream(
  respond: Responder = (_req, res) => res.setHeader('Content-Type', 'application/json').end('{}'),
): Promise<Upstream> {
  const requests: Recorded[] = [];
  let connectionsMade = 0;
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (data: Buffer) => (body += data.toString('latin1')));
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      requests.push({ method, url, headers, body });
      respond(req, res, body);
    });
  });
  server.on('connection', () => (connectionsMade += 1));
  const port = await listen(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    connectionsMade: () => connectionsMade,
    stop: () => close(server),
  };
}

/** Starts a TCP server. `handle` receives every connection. */
export async function serveTcp(handle: (socket: Socket) => void): Promise<string> {
  const { createServer: createTcpServer } = await import('node:net');
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns an endpoint at which no server listens. */
export async function deadEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** A POST with curl's default content type. */
export async function post(
  url: string,
  body: string | ReadableStream = '{}',
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    ...(typeof body === 'string' ? {} : { duplex: 'half' }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Resolves when `check` returns true. Throws at the limit. */
export async function eventually(
  check: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => close(server));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}
