// Requests that keep what the caller has, or give it back. Whoever refuses them takes somebody's lock away, or keeps everybody from it: they
// pass when all else is refused.
import { findRawRpc } from '../raw/paths.js';

const RENEWAL = /^\/v1\/(?:locks|elections|leases)\/[^/]+\/keepalive$/;
const RELEASE = /^\/(?:$|v1\/(?:locks|elections|leases)\/)/;

/** `path` is without its query. */
export function isUpkeep(method: string, path: string): boolean {
  if (method === 'POST') return RENEWAL.test(path) || findRawRpc(path)?.isUpkeep === true;
  return method === 'DELETE' && RELEASE.test(path);
}
