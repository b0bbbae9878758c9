// CORS headers for the origins that the settings name (WHATWG Fetch standard, section 3.2).
import type { Request, Response } from 'express';
import { METHODS } from './request-checks.js';

const REQUEST_HEADERS = [
  'Accept',
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Grpc-Metadata-Hasleader',
  'Grpc-Timeout',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Lock-Token',
  'Request-Timeout',
  'Traceparent',
  'X-Request-Id',
];
const RESPONSE_HEADERS = [
  'Allow',
  'Content-Disposition',
  'ETag',
  'Etcd-Create-Revision',
  'Etcd-Lease',
  'Etcd-Mod-Revision',
  'Etcd-Revision',
  'Etcd-Version',
  'Retry-After',
  'WWW-Authenticate',
  'X-Etcd-Cluster-Id',
  'X-Etcd-Index',
  'X-Raft-Index',
  'X-Raft-Term',
  'X-Request-Id',
];
const PREFLIGHT_MAX_AGE_SECONDS = 600;

export function isPreflight(req: Request): boolean {
  return req.method === 'OPTIONS' && 'access-control-request-method' in req.headers;
}

/** Lets pages of the request's origin read the response. Without Allow-Credentials: there are no cookies, and EventSource needs none. */
export function allowOrigin(req: Request, res: Response): void {
  res.setHeader('Access-Control-Allow-Origin', req.headers.origin ?? '');
  res.setHeader('Access-Control-Expose-Headers', RESPONSE_HEADERS.join(', '));
}

export function sendPreflightResponse(req: Request, res: Response): void {
  res.removeHeader('Access-Control-Expose-Headers');
  res.setHeader('Access-Control-Allow-Methods', METHODS.join(', '));
  res.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS.join(', '));
  res.setHeader('Access-Control-Max-Age', PREFLIGHT_MAX_AGE_SECONDS);
  // Chrome requires this before a public page may access a private address. The settings name the origin, so it may.
  if (req.headers['access-control-request-private-network'] === 'true') {
    res.setHeader('Access-Control-Allow-Private-Network', 'true');
  }
  res.statusCode = 204;
  res.end();
}
