// The raw door: etcd's own JSON gateway under /v3, /v3beta and /v3alpha, passed through to whichever endpoint is reachable.
// Paths and headers go by lists (raw/paths.ts, raw/headers.ts), bodies as they are, but for the watches of a user of etcd
// (raw/send-watch.ts). Mounted without a path and before any body parser.
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Plugin, RequestHandler as ProxyHandler } from 'http-proxy-middleware';
import type { Caller } from '../../core/caller.js';
import type { CallMetrics } from '../../etcd/calls/call-metrics.js';
import type { Connector } from '../../etcd/transport/connection.js';
import type { Endpoint } from '../../etcd/endpoint.js';
import type { EndpointPool } from '../../etcd/endpoints/pool.js';
import { isLoop } from '../../etcd/endpoints/loop-detection.js';
import { GatewayError } from '../../core/errors.js';
import type { Log } from '../../process/log.js';
import { contextOf } from '../request/context.js';
import { EndpointAgent } from './agent.js';
import { writeRawError } from './errors.js';
import type { RawCredentialsFor, RawCredentials } from '../auth/raw-credentials.js';
import { Exchange } from './exchange.js';
import { asksForWebSocket, upstreamHeaders } from './headers.js';
import { HeldBytes } from './line-chunks.js';
import { findRawRpc, isRawPath, rawPathOf } from './paths.js';
import type { RawRpc } from './paths.js';
import { callCutShort, tooLarge } from './refusals.js';
import { sendWatch } from './send-watch.js';
import { nameRoute } from '../request/route-name.js';
import { onceOver } from '../server/response-end.js';

export interface RawLimits {
  /** For the answer of calls that answer at once, and for every body that has an end to arrive. */
  readonly requestTimeoutSeconds: number;
  /** For every body that has an end. */
  readonly bodyLimitBytes: number;
  /** Calls that run at the same time, streams included; one more is refused with 429. */
  readonly rawCallsMax?: number;
}

export interface RawDoorDeps {
  readonly pool: EndpointPool;
  readonly limits: RawLimits;
  readonly log: Log;
  readonly callMetrics?: CallMetrics;
  /** Where calls that wait or stream are let in; throws `too-many-requests`. */
  readonly enterWait?: (res: Response) => void;
  readonly connector: Connector;
  readonly credentialsFor: RawCredentialsFor;
  /** What this gateway calls itself when it asks its endpoints who they are. */
  readonly instanceId?: string;
  /** Aborted when the gateway begins to drain: waiting calls and streams end, the others finish. */
  readonly draining?: AbortSignal;
}

export const RAW_CALLS_MAX = 4_096;
const WATCH_PATH = '/v3/watch';

type Host = Pick<Endpoint, 'hostname' | 'port'>;
const NO_HOST: Host = { hostname: 'localhost', port: 2379 };
type Exchanges = WeakMap<IncomingMessage, Exchange>;

/**
 * The handler of every path below the three prefixes; other paths go to the next one. It answers everything itself, its errors too, and
 * never calls `next(error)` but for a defect of the gateway. A call that may have reached etcd is never sent again.
 */
export function createRawDoor(deps: RawDoorDeps): RequestHandler {
  const { pool, limits, log, callMetrics, connector, draining, instanceId } = deps;
  const exchanges: Exchanges = new WeakMap();
  const running = new Set<Exchange>();
  const shared = new EndpointAgent({ pool, connector, keepAlive: true });
  const own = new EndpointAgent({ pool, connector, keepAlive: false });
  const proxies = {
    shared: createProxy(pool, shared, exchanges),
    own: createProxy(pool, own, exchanges),
  };
  const retire = (endpoint: Endpoint) => shared.retire(endpoint);
  const requestTimeoutMs = limits.requestTimeoutSeconds * 1_000;
  const { bodyLimitBytes } = limits;
  const held = new HeldBytes();
  const base = { pool, retire, requestTimeoutMs, bodyLimitBytes, held, log, callMetrics };

  draining?.addEventListener('abort', () => {
    for (const exchange of [...running]) exchange.shutDown();
  });

  return async (req, res, next) => {
    const path = rawPathOf(req.url);
    if (!isRawPath(path)) {
      next();
      return;
    }
    const rpc = findRawRpc(path);
    if (rpc !== undefined) nameRoute(req, rpc.path);
    const credentials = rpc === undefined ? {} : await credentialsOf(req, rpc, deps);
    // He left while etcd was asked who he is.
    if (res.destroyed) return;
    const admitted =
      credentials instanceof GatewayError ? credentials : admit(req, res, rpc, deps, running.size);
    if (admitted instanceof GatewayError || credentials instanceof GatewayError) {
      refuse(req, res, admitted as GatewayError);
      return;
    }
    const isShared = admitted.kind === 'unary';
    const { authorization, forget } = credentials;
    const agent = isShared ? shared : own;
    const exchange = new Exchange({ ...base, agent, forgetSession: forget }, admitted, req, res);
    exchanges.set(req, exchange);
    running.add(exchange);
    onceOver(res, () => running.delete(exchange));
    endWhenRevoked(contextOf(req).caller, exchange, res);
    const headers = upstreamHeaders(req.headers, !isShared, instanceId, authorization);
    if (admitted.path === WATCH_PATH && contextOf(req).caller.identity.login !== undefined) {
      sendWatch(req, { exchange, agent, host: hostOf(pool), headers });
      return;
    }
    // The proxy copies what it finds here, and once a connection exists it is too late to change anything.
    req.headers = headers;
    void (isShared ? proxies.shared : proxies.own)(req, res, next);
  };
}

/** Ends the exchange when the API token of its client is revoked. */
function endWhenRevoked({ identity }: Caller, exchange: Exchange, res: Response): void {
  const { revoked } = identity;
  const withdraw = (): void => exchange.withdraw();
  revoked?.addEventListener('abort', withdraw);
  onceOver(res, () => revoked?.removeEventListener('abort', withdraw));
}

/** Never connected to, the agent does that: it is what etcd's --host-whitelist sees. */
function hostOf(pool: EndpointPool): Host {
  return pool.all[0] ?? NO_HOST;
}

function refuse(req: IncomingMessage, res: Response, error: GatewayError): void {
  // A body without an announced end could keep this connection for ever.
  if (hasOpenBody(req) || error.status === 413) res.setHeader('Connection', 'close');
  writeRawError(res, error);
}

async function credentialsOf(
  req: Request,
  rpc: RawRpc,
  { credentialsFor }: RawDoorDeps,
): Promise<RawCredentials | GatewayError> {
  try {
    return await credentialsFor(contextOf(req).caller, rpc, req.headers);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** Mount it before authentication: the gateway has to recognise its own questions to its endpoints, and they show no credentials. */
export function refuseLoops(instanceId: string): RequestHandler {
  return (req, _res, next) => {
    const loop = isRawPath(rawPathOf(req.url)) ? loopOf(req, instanceId) : undefined;
    if (loop !== undefined) throw loop;
    next();
  };
}

function loopOf({ headers }: IncomingMessage, instanceId?: string): GatewayError | undefined {
  if (instanceId === undefined || !isLoop(headers.via, instanceId)) return undefined;
  return new GatewayError('misdirected-request', {
    detail: 'this call has passed this gateway before: one of its etcd endpoints is a gateway',
  });
}

/** The call that a request makes, or why it makes none. Looks at the request line, the headers and how busy the gateway is. */
function admit(
  req: IncomingMessage,
  res: Response,
  rpc: RawRpc | undefined,
  { limits, draining, enterWait, instanceId }: RawDoorDeps,
  runningCalls: number,
): RawRpc | GatewayError {
  // The words of etcd's own gateway.
  if (rpc === undefined) return new GatewayError('not-found', { detail: 'Not Found' });
  if (asksForWebSocket(req.headers)) {
    return new GatewayError('upgrade-refused', {
      detail: 'WebSocket upgrades are not passed',
      hint: `stream with POST ${rpc.path}: one JSON object a line, both ways`,
    });
  }
  if (req.method !== 'POST') {
    return new GatewayError('method-not-allowed', {
      detail: 'every call of this API is a POST',
      headers: { Allow: 'POST' },
    });
  }
  const loop = loopOf(req, instanceId);
  if (loop !== undefined) return loop;
  if (Number(req.headers['content-length'] ?? 0) > limits.bodyLimitBytes) {
    return tooLarge(limits.bodyLimitBytes, false);
  }
  if (draining?.aborted === true && rpc.kind !== 'unary') return callCutShort(false);
  const callsMax = limits.rawCallsMax ?? RAW_CALLS_MAX;
  if (runningCalls >= callsMax && !rpc.isUpkeep) {
    return new GatewayError('too-many-requests', {
      detail: `${callsMax} raw calls are running already`,
      retryAfterSeconds: 1,
    });
  }
  return (rpc.kind === 'unary' ? undefined : refusalOf(() => enterWait?.(res))) ?? rpc;
}

function refusalOf(check: () => void): GatewayError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

function hasOpenBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined;
}

function createProxy(pool: EndpointPool, agent: EndpointAgent, exchanges: Exchanges): ProxyHandler {
  return createProxyMiddleware({
    // The whole upstream path comes from the table: with ignorePath nothing of the caller's target goes in, with toProxy it is not parsed.
    router: (req) => {
      const { hostname, port } = hostOf(pool);
      const { path } = exchangeOf(exchanges, req).rpc;
      return { protocol: 'http:', hostname, port: String(port), path };
    },
    ignorePath: true,
    toProxy: true,
    agent,
    selfHandleResponse: true,
    // http-proxy-middleware 3.0.10: its own plugins answer errors in plain text and parse a URL for a log line that nobody reads.
    ejectPlugins: true,
    plugins: [connectExchanges(exchanges)],
  });
}

function connectExchanges(exchanges: Exchanges): Plugin {
  return (proxy) => {
    proxy.on('start', (req) => exchangeOf(exchanges, req).watchBody());
    proxy.on('proxyReq', (upstream, req) => exchangeOf(exchanges, req).connected(upstream));
    proxy.on('proxyRes', (upstreamRes, req) => exchangeOf(exchanges, req).answer(upstreamRes));
    proxy.on('error', (error, req) => exchangeOf(exchanges, req).fail(error));
  };
}

function exchangeOf(exchanges: Exchanges, req: IncomingMessage): Exchange {
  const exchange = exchanges.get(req);
  if (exchange === undefined) throw new GatewayError('internal-error');
  return exchange;
}
