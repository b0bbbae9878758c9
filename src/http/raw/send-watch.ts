// Sends a watch whose body is rewritten on its way (watch-body.ts). Not by the proxy, which pipes the caller's own request and nothing
// else; but over the same agent, and told to the same Exchange, so that connections, limits and ends are those of every other call.
import http from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Endpoint } from '../../etcd/endpoint.js';
import { GatewayError } from '../../core/errors.js';
import type { EndpointAgent } from './agent.js';
import type { Exchange } from './exchange.js';
import { WatchBody } from './watch-body.js';

export interface WatchCall {
  readonly exchange: Exchange;
  readonly agent: EndpointAgent;
  /** What etcd sees as `Host`; the agent alone decides where the call goes. */
  readonly host: Pick<Endpoint, 'hostname' | 'port'>;
  /** As raw/headers.ts has them. */
  readonly headers: IncomingHttpHeaders;
}

/** Requests that came before a refused one may have reached etcd. */
export function sendWatch(
  req: IncomingMessage,
  { exchange, agent, host, headers }: WatchCall,
): void {
  const upstream = http.request({
    agent,
    host: host.hostname,
    port: host.port,
    method: 'POST',
    path: exchange.rpc.path,
    headers: withoutLength({ ...headers, 'content-type': 'application/json' }),
  });
  upstream.on('socket', () => exchange.connected(upstream));
  upstream.on('response', (answer) => exchange.answer(answer));
  upstream.on('error', (error) => exchange.fail(error));
  const body = new WatchBody();
  body.on('error', (error) => {
    exchange.refuseBody(error instanceof GatewayError ? error : new GatewayError('internal-error'));
  });
  req.pipe(body).pipe(upstream);
}

/** The body has another one now. */
function withoutLength(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'));
}
