// Sends a watch whose body is rewritten while it passes (watch-body.ts). The proxy cannot do that, because it pipes the client's own request.
// The agent and the Exchange are the same, so that connections, limits and errors are those of every other call.
import http from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Endpoint } from '../../etcd/endpoint.js';
import { GatewayError } from '../../core/errors.js';
import type { EndpointAgent } from './agent.js';
import type { Exchange } from './exchange.js';
import { WatchBody } from './watch-body.js';

export interface WatchUpstream {
  readonly exchange: Exchange;
  readonly agent: EndpointAgent;
  /** The `Host` header. The agent chooses the endpoint. */
  readonly host: Pick<Endpoint, 'hostname' | 'port'>;
  /** From `upstreamHeaders`. */
  readonly headers: IncomingHttpHeaders;
}

/** Does not undo the watch requests before a rejected one: they may have reached etcd. */
export function sendWatch(
  req: IncomingMessage,
  { exchange, agent, host, headers }: WatchUpstream,
): void {
  const upstream = http.request({
    agent,
    host: host.hostname,
    port: host.port,
    method: 'POST',
    path: exchange.rpc.path,
    headers: withoutLength({ ...headers, 'content-type': 'application/json' }),
  });
  upstream.on('socket', () => exchange.onConnected(upstream));
  upstream.on('response', (response) => exchange.onResponse(response));
  upstream.on('error', (error) => exchange.onError(error));
  const body = new WatchBody();
  body.on('error', (error) => {
    exchange.rejectBody(error instanceof GatewayError ? error : new GatewayError('internal-error'));
  });
  req.pipe(body).pipe(upstream);
}

/** The rewritten body has another length. */
function withoutLength(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'));
}
