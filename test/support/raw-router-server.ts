// The raw door alone on a server of its own, and a stand-in for etcd that shows what reaches it.
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
  /** The lines of the log so far. */
  readonly log: readonly string[];
  /** Client connections that are open now. */
  connections(): Promise<number>;
}

export interface RawRouterServerOptions extends Pick<RawRouterDeps, 'draining'> {
  readonly limits?: Partial<RawLimits>;
  readonly connectTimeoutMs?: number;
  /** A certificate authority for https endpoints. */
  readonly ca?: string;
}

/** Serves the raw door before these endpoints until the test is over. Whatever the door does not take is 404 `not ours`. */
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
    res.status(404).send('not ours');
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
  /** Requests that have arrived whole. */
  readonly requests: readonly Recorded[];
  /** Connections that were ever made. */
  connectionsMade(): number;
  /** Cuts every connection and answers no more. */
  stop(): Promise<void>;
}

type Answer = (req: IncomingMessage, res: ServerResponse, body: string) => void;

/** A server in etcd's place until the test is over; answers `{}` unless told otherwise. */
export async function recordUpstream(
  answer: Answer = (_req, res) => res.setHeader('Content-Type', 'application/json').end('{}'),
): Promise<Upstream> {
  const requests: Recorded[] = [];
  let connectionsMade = 0;
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (data: Buffer) => (body += data.toString('latin1')));
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      requests.push({ method, url, headers, body });
      answer(req, res, body);
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

/** A server that speaks no HTTP: `handle` gets every connection. */
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

/** An endpoint where nobody listens. */
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

/** Resolves when `check` holds; throws when it still does not at the limit. */
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
