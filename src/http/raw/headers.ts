// Which headers pass the raw API, both ways: lists of what may, so that everything else stays outside.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { viaOnwards } from '../../etcd/endpoints/loop-detection.js';
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

// Not etcd's Access-Control-Allow-Origin: *, which would open the gateway to every page of the internet.
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
 * The headers that go to etcd; `authorization` is the gateway's to say (raw/credentials.ts). What `Connection` names is meant for this hop alone and stays here (RFC 9110 section 7.6.1).
 * `isOnOwnConnection` asks etcd to close the connection afterwards: only then does Go's HTTP/1.1 server answer while the request body is
 * still open.
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  isOnOwnConnection: boolean,
  instanceId = '',
  authorization?: string,
): IncomingHttpHeaders {
  const hopByHop = hopByHopOf(headers);
  const passed = pick(
    headers,
    REQUEST_HEADERS.filter((name) => !hopByHop.has(name)),
  );
  // Only the question of another gateway who this is carries one.
  const via = viaOnwards(headers.via, instanceId);
  return {
    ...passed,
    ...(authorization !== undefined && { authorization }),
    ...traceHeaders(headers),
    ...(via !== undefined && { via }),
    ...(isOnOwnConnection && { connection: 'close' }),
  };
}

/** Other names under which etcd takes a token (seen on 3.4.23). There the former overrides Authorization. */
const METADATA_CREDENTIALS = ['grpc-metadata-token', 'grpc-metadata-authorization'] as const;

/**
 * Makes a token in gRPC metadata the request's `Authorization`, so that it is neither ignored nor believed past it. Throws
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

/** The credentials that a caller sends to etcd, past the gateway; none that he says are for the gateway alone. */
export function passedAuthorization(headers: IncomingHttpHeaders): string | undefined {
  return hopByHopOf(headers).has('authorization') ? undefined : headers.authorization;
}

function hopByHopOf({ connection = '' }: IncomingHttpHeaders): Set<string> {
  return new Set(connection.toLowerCase().split(/[\s,]+/));
}

// Twice: for proxies on the way, and for etcd, whose gateway hands on what has this prefix.
function traceHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const traceparent = traceparentOf(headers);
  return traceparent === undefined ? {} : { traceparent, 'grpc-metadata-traceparent': traceparent };
}

/** The headers of etcd's answer that the caller gets. */
export function downstreamHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return pick(headers, RESPONSE_HEADERS);
}

/** Milliseconds that a `Grpc-Timeout` header asks for; `undefined` when there is none that etcd would understand. */
export function grpcTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'] ?? ''));
  const unit = MS_PER_UNIT[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/** Whether the caller wants to speak WebSocket. Other upgrades (Java offers `h2c` with every call) may be ignored, so they are. */
export function asksForWebSocket(headers: IncomingHttpHeaders): boolean {
  return /\bwebsocket\b/i.test(headers.upgrade ?? '');
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): IncomingHttpHeaders {
  const picked: IncomingHttpHeaders = {};
  for (const name of names) {
    if (headers[name] !== undefined) picked[name] = headers[name];
  }
  return picked;
}
