// The raw v3 API: etcd's own JSON gateway under /v3, /v3beta and /v3alpha, proxied to a reachable endpoint. Tables decide which paths and
// headers pass (paths.ts, headers.ts). Bodies pass unchanged, except watches of an etcd user (send-watch.ts).
// Mount it without a path and before every body parser.
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Plugin, RequestHandler as ProxyHandler } from 'http-proxy-middleware';
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { CallMetrics } from '../../etcd/calls/call-metrics.js';
import type { Endpoint } from '../../etcd/endpoint.js';
import { isLoop } from '../../etcd/endpoints/loop-detection.js';
import type { EndpointPool } from '../../etcd/endpoints/pool.js';
import type { Connector } from '../../etcd/transport/connection.js';
import type { Log } from '../../process/log.js';
import { contextOf } from '../request/context.js';
import { nameRoute } from '../request/route-name.js';
import { onResponseEnd } from '../server/response-end.js';
import { EndpointAgent } from './agent.js';
import type { RawCredentialsFor, RawCredentials } from '../auth/raw-credentials.js';
import { writeRawError } from './errors.js';
import { Exchange } from './exchange.js';
import { requestsWebSocket, upstreamHeaders } from './headers.js';
import { HeldBytes } from './line-chunks.js';
import type { RawRpc } from './paths.js';
import { bodyTooLarge, gatewayShuttingDown } from './call-errors.js';
import { sendWatch } from './send-watch.js';

export interface RawLimits {
  /** For the response of a unary call, and for the arrival of every body that has an end. */
  readonly requestTimeoutSeconds: number;
  /** For every body that has an end. */
  readonly bodyLimitBytes: number;
  /** Concurrent calls, streams included; excess calls get 429. */
  readonly rawCallsMax?: number;
}

export interface RawRouterDeps {
  readonly pool: EndpointPool;
  readonly limits: RawLimits;
  readonly log: Log;
  readonly callMetrics?: CallMetrics;
  /** Admits calls that wait or stream; throws `too-many-requests`. */
  readonly enterWait?: (res: Response) => void;
  readonly connector: Connector;
  readonly credentialsFor: RawCredentialsFor;
  /** The ID of this gateway in the `Via` header of its own requests to endpoints. */
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
 * Returns the handler of every path under the three prefixes; other paths go to `next`. It sends its own error responses and calls
 * `next(error)` only for a defect of the gateway. A call that may have reached etcd is never sent again.
 */
export function createRawRouter(deps: RawRouterDeps): RequestHandler {
  const { pool, limits, log, callMetrics, connector, draining, instanceId } = deps;
  const exchanges: Exchanges = new WeakMap();
  const running = new Set<Exchange>();
  const pooledAgent = new EndpointAgent({ pool, connector, keepAlive: true });
  const dedicatedAgent = new EndpointAgent({ pool, connector, keepAlive: false });
  const pooledProxy = createProxy(pool, pooledAgent, exchanges);
  const dedicatedProxy = createProxy(pool, dedicatedAgent, exchanges);
  const sharedDeps = {
    pool,
    retire: (endpoint: Endpoint) => pooledAgent.retire(endpoint),
    requestTimeoutMs: limits.requestTimeoutSeconds * 1_000,
    bodyLimitBytes: limits.bodyLimitBytes,
    held: new HeldBytes(),
    log,
    callMetrics,
  };

  draining?.addEventListener('abort', () => {
    for (const exchange of [...running]) exchange.shutDown();
  });

  return async (req, res, next) => {
    const { requestClass, caller } = contextOf(req);
    if (!requestClass.isRaw) {
      next();
      return;
    }
    const admitted = await admitOrReject(req, res, deps, running);
    if (admitted === undefined) return;
    const { rpc, credentials } = admitted;
    const isPooled = rpc.kind === 'unary';
    const { authorization, forget } = credentials;
    const agent = isPooled ? pooledAgent : dedicatedAgent;
    const exchange = new Exchange({ ...sharedDeps, agent, forgetSession: forget }, rpc, req, res);
    exchanges.set(req, exchange);
    running.add(exchange);
    onResponseEnd(res, () => running.delete(exchange));
    endWhenRevoked(caller, exchange, res);
    const headers = upstreamHeaders(req.headers, !isPooled, instanceId, authorization);
    if (rpc.path === WATCH_PATH && caller.identity.login !== undefined) {
      sendWatch(req, { exchange, agent, host: hostOf(pool), headers });
      return;
    }
    // The proxy copies these. Once a connection exists, it is too late to change them.
    req.headers = headers;
    void (isPooled ? pooledProxy : dedicatedProxy)(req, res, next);
  };
}

/** Ends the exchange when the token of its caller is revoked. */
function endWhenRevoked({ identity }: Caller, exchange: Exchange, res: Response): void {
  const { revoked } = identity;
  const revoke = (): void => exchange.revoke();
  revoked?.addEventListener('abort', revoke);
  onResponseEnd(res, () => revoked?.removeEventListener('abort', revoke));
}

/** etcd's --host-whitelist checks this host. Not the address of the connection, which the agent chooses. */
function hostOf(pool: EndpointPool): Host {
  return pool.all[0] ?? NO_HOST;
}

interface Admitted {
  readonly rpc: RawRpc;
  readonly credentials: RawCredentials;
}

/** Returns undefined after it sent an error response, or if the client disconnected. */
async function admitOrReject(
  req: Request,
  res: Response,
  deps: RawRouterDeps,
  running: ReadonlySet<Exchange>,
): Promise<Admitted | undefined> {
  const { requestClass, caller } = contextOf(req);
  const { rawRpc } = requestClass;
  if (rawRpc !== undefined) nameRoute(req, rawRpc.path);
  try {
    const credentials =
      rawRpc === undefined ? {} : await deps.credentialsFor(caller, rawRpc, req.headers);
    // The client may have disconnected meanwhile.
    if (res.destroyed) return undefined;
    const rpc = checkRpc(req, rawRpc, deps);
    checkCapacity(res, rpc, deps, running.size);
    return { rpc, credentials };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // Without a Content-Length the rest of the body could keep the connection open indefinitely.
    const isBodyUnbounded = req.headers['transfer-encoding'] !== undefined;
    if (isBodyUnbounded || error.status === 413) res.setHeader('Connection', 'close');
    writeRawError(res, error);
    return undefined;
  }
}

/** Mount it before authentication: the gateway's own requests to endpoints have no credentials, and it must recognize them. */
export function rejectLoops(instanceId: string): RequestHandler {
  return (req, _res, next) => {
    if (contextOf(req).requestClass.isRaw) checkLoop(req, instanceId);
    next();
  };
}

function checkLoop({ headers }: IncomingMessage, instanceId?: string): void {
  if (instanceId === undefined || !isLoop(headers.via, instanceId)) return;
  throw new GatewayError('misdirected-request', {
    detail:
      'the request already passed through this gateway: one of its etcd endpoints is a gateway',
  });
}

/** Checks the request line and the headers, and returns the RPC. */
function checkRpc(
  req: IncomingMessage,
  rpc: RawRpc | undefined,
  { limits, instanceId }: RawRouterDeps,
): RawRpc {
  // The text of etcd's own gateway.
  if (rpc === undefined) throw new GatewayError('not-found', { detail: 'Not Found' });
  if (requestsWebSocket(req.headers)) {
    throw new GatewayError('upgrade-refused', {
      detail: 'WebSocket upgrades are not supported',
      hint: `stream with POST ${rpc.path}: one JSON object per line in both directions`,
    });
  }
  if (req.method !== 'POST') {
    throw new GatewayError('method-not-allowed', {
      detail: 'every operation of this API requires POST',
      hint: 'use POST',
      headers: { Allow: 'POST' },
    });
  }
  checkLoop(req, instanceId);
  if (Number(req.headers['content-length'] ?? 0) > limits.bodyLimitBytes) {
    throw bodyTooLarge(limits.bodyLimitBytes, false);
  }
  return rpc;
}

function checkCapacity(
  res: Response,
  rpc: RawRpc,
  { limits, draining, enterWait }: RawRouterDeps,
  runningCalls: number,
): void {
  if (draining?.aborted === true && rpc.kind !== 'unary') throw gatewayShuttingDown(false);
  const callsMax = limits.rawCallsMax ?? RAW_CALLS_MAX;
  if (runningCalls >= callsMax && !rpc.isRenewalOrRelease) {
    throw new GatewayError('too-many-requests', {
      detail: `${callsMax} raw calls are in progress at this gateway`,
      retryAfterSeconds: 1,
    });
  }
  if (rpc.kind !== 'unary') enterWait?.(res);
}

function createProxy(pool: EndpointPool, agent: EndpointAgent, exchanges: Exchanges): ProxyHandler {
  return createProxyMiddleware({
    // The whole upstream path comes from the table of RPCs: `ignorePath` drops the client's target, and `toProxy` keeps it unparsed.
    router: (req) => {
      const { hostname, port } = hostOf(pool);
      const { path } = exchangeOf(exchanges, req).rpc;
      return { protocol: 'http:', hostname, port: String(port), path };
    },
    ignorePath: true,
    toProxy: true,
    agent,
    selfHandleResponse: true,
    // The plugins of http-proxy-middleware 3.0.10 send errors as plain text, and parse a URL for a log line that is not used here.
    ejectPlugins: true,
    plugins: [connectExchanges(exchanges)],
  });
}

function connectExchanges(exchanges: Exchanges): Plugin {
  return (proxy) => {
    proxy.on('start', (req) => exchangeOf(exchanges, req).watchBody());
    proxy.on('proxyReq', (upstream, req) => exchangeOf(exchanges, req).onConnected(upstream));
    proxy.on('proxyRes', (upstreamRes, req) => exchangeOf(exchanges, req).onResponse(upstreamRes));
    proxy.on('error', (error, req) => exchangeOf(exchanges, req).onError(error));
  };
}

function exchangeOf(exchanges: Exchanges, req: IncomingMessage): Exchange {
  const exchange = exchanges.get(req);
  if (exchange === undefined) throw new GatewayError('internal-error');
  return exchange;
}
