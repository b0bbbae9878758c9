// How long a holding lasts: for a ttl that somebody renews, until released, or as long as a lease of the caller's own. Pure.
import type { KeyValue } from '../../etcd/wire.js';
import { isOwnLease } from '../leases/lease-id.js';

export type Tenure =
  | { readonly kind: 'ttl'; readonly ttlSeconds: number }
  | { readonly kind: 'permanent' }
  | { readonly kind: 'lease'; readonly lease: string };

/** The lease that carries an entry until it is converted: renewed while its caller waits, gone soon when its gateway dies. */
const CARRIER_TTL_SECONDS = 30;

/** What the entry's own lease is granted for. */
export function entryTtlSeconds(tenure: Tenure): number {
  return tenure.kind === 'ttl' ? tenure.ttlSeconds : CARRIER_TTL_SECONDS;
}

/** The lease that the entry hangs on in the end; undefined for none. Of a `ttl` it is the own lease, which only the entry knows. */
export function finalLease(tenure: Tenure, entryLease: string | undefined): string | undefined {
  switch (tenure.kind) {
    case 'ttl':
      return entryLease;
    case 'permanent':
      return undefined;
    case 'lease':
      return tenure.lease;
  }
}

/** The tenure of an entry that is re-joined: what it was converted to already, else what its first connection wanted. */
export function tenureOf(entry: KeyValue, wanted: Tenure): Tenure {
  if (entry.lease === undefined) return { kind: 'permanent' };
  if (!isOwnLease(entry.lease)) return { kind: 'lease', lease: entry.lease };
  return wanted;
}
