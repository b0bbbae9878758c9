// Decides once for each request what kind it is. The request context holds the result, so that no other file derives it from the path.
import type { IncomingMessage } from 'node:http';
import { findRawRpc, isRawPath } from '../raw/paths.js';
import type { RawRpc } from '../raw/paths.js';
import { pathOf } from './target.js';

export interface RequestClass {
  /** The request target without its query, as the client wrote it. */
  readonly path: string;
  /** Whether the request is for the raw v3 API, with a known RPC or not. */
  readonly isRaw: boolean;
  readonly rawRpc: RawRpc | undefined;
  /**
   * Whether the request renews or releases a lock, a leadership or a lease. Limits never reject such requests: a rejected renewal loses a
   * lock, and a rejected release keeps other clients waiting.
   */
  readonly isRenewalOrRelease: boolean;
}

const RENEWAL_PATH = /^\/v1\/(?:locks|elections|leases)\/[^/]+\/keepalive$/;
const RELEASE_PATH = /^\/(?:$|v1\/(?:locks|elections|leases)\/)/;

export function classifyRequest({ method, url = '' }: IncomingMessage): RequestClass {
  const path = pathOf(url);
  const rawRpc = findRawRpc(path);
  return {
    path,
    isRaw: isRawPath(path),
    rawRpc,
    isRenewalOrRelease:
      method === 'POST'
        ? RENEWAL_PATH.test(path) || rawRpc?.isRenewalOrRelease === true
        : method === 'DELETE' && RELEASE_PATH.test(path),
  };
}
