// The headers that pass the raw API in each direction. No other header passes.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { forwardedVia } from '../../etcd/endpoints/loop-detection.js';
import { invalidRequest } from '../../core/errors.js';
import { checkCredentials, checkSingle } from '../server/request-checks.js';
import { traceparentOf } from '../request/traceparent.js';

const REQUEST_HEADERS = [
  'accept',
  'content-length',
  'content-type',
  'grpc-metadata-hasleader',
  'grpc-timeout',
] as const;

// Without etcd's Access-Control-Allow-Origin: *, which would open the gateway to every web page.
const RESPONSE_HEADERS = ['content-length', 'content-type', 'www-authenticate'] as const;

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Returns the headers for etcd. `authorization` is from credentials.ts. Headers that `Connection` names are for this hop only and do not pass
 * (RFC 9110 section 7.6.1). `isDedicated` requests that etcd closes the connection after the call: only then does Go's HTTP/1.1 server
 * respond while the request body is incomplete.
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  isDedicated: boolean,
  instanceId = '',
  authorization?: string,
): IncomingHttpHeaders {
  const hopByHop = hopByHopOf(headers);
  const passed = pick(
    headers,
    REQUEST_HEADERS.filter((name) => !hopByHop.has(name)),
  );
  // Only requests of another gateway that checks its endpoints have a Via.
  const via = forwardedVia(headers.via, instanceId);
  return {
    ...passed,
    ...(authorization !== undefined && { authorization }),
    ...traceHeaders(headers),
    ...(via !== undefined && { via }),
    ...(isDedicated && { connection: 'close' }),
  };
}

/** Other headers in which etcd accepts a token (seen on 3.4.23). There the first one overrides Authorization. */
const METADATA_CREDENTIALS = ['grpc-metadata-token', 'grpc-metadata-authorization'] as const;

/**
 * Moves a token in gRPC metadata to the request's `Authorization`, so that the gateway neither ignores it nor passes it unchecked. Throws
 * `invalid-request` for credentials in two headers.
 */
export function adoptMetadataCredentials(req: IncomingMessage): void {
  const names = METADATA_CREDENTIALS.filter((name) => req.headers[name] !== undefined);
  const [name] = names;
  if (name === undefined) return;
  checkSingle(req, name);
  if (names.length > 1 || req.headers.authorization !== undefined) {
    const all = req.headers.authorization === undefined ? names : ['authorization', ...names];
    throw invalidRequest(name, `credentials are in ${all.join(' and ')}`, 'send one of them');
  }
  req.headers.authorization = String(req.headers[name]);
  checkCredentials(req);
}

/** Returns the credentials that the client sends to etcd; undefined if `Connection` names them as meant for the gateway only. */
export function passedAuthorization(headers: IncomingHttpHeaders): string | undefined {
  return hopByHopOf(headers).has('authorization') ? undefined : headers.authorization;
}

function hopByHopOf({ connection = '' }: IncomingHttpHeaders): Set<string> {
  return new Set(connection.toLowerCase().split(/[\s,]+/));
}

// Twice: for proxies on the way, and for etcd, whose gateway passes headers with this prefix on.
function traceHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const traceparent = traceparentOf(headers);
  return traceparent === undefined ? {} : { traceparent, 'grpc-metadata-traceparent': traceparent };
}

/** Returns the headers of etcd's response that the client receives. */
export function downstreamHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return pick(headers, RESPONSE_HEADERS);
}

/** Returns the milliseconds of the `Grpc-Timeout` header; undefined without one that etcd understands. */
export function grpcTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'] ?? ''));
  const unit = MS_PER_UNIT[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/** Ignores other upgrades, as servers may. Java clients offer `h2c` with every request. */
export function requestsWebSocket(headers: IncomingHttpHeaders): boolean {
  return /\bwebsocket\b/i.test(headers.upgrade ?? '');
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): IncomingHttpHeaders {
  const picked: IncomingHttpHeaders = {};
  for (const name of names) {
    if (headers[name] !== undefined) picked[name] = headers[name];
  }
  return picked;
}
