// The IDs of leases: which are the gateway's own, and which a caller can mean. Pure but for chance.
import { randomBytes } from 'node:crypto';
import { GatewayError, invalidRequest } from '../../errors.js';

/** Leases of the gateway's own entries begin with these hex digits ("LK"), below the sign bit; callers' leases may not. */
const OWN_LEASE_PREFIX = '4c4b';
const OWN_RANDOM_BYTES = 6;
const LEASE_HEX_DIGITS = 16;
const LEASE_BYTES = 8;
/** IDs are positive int64s: from here on the sign bit is set. */
const LEASE_ID_END = 1n << 63n;

/** Whether it is the lease of one of the gateway's own entries. */
export function isOwnLease(lease: string): boolean {
  return lease.startsWith(OWN_LEASE_PREFIX);
}

/** Whether it is the ID of a lease that a caller can have, in the form that the gateway uses. */
export function isCallersLease(text: string): boolean {
  return /^[0-7][0-9a-f]{15}$/.test(text) && !/^0+$/.test(text) && !isOwnLease(text);
}

/** For one of the gateway's own entries. */
export function randomOwnLease(): string {
  return OWN_LEASE_PREFIX + randomBytes(OWN_RANDOM_BYTES).toString('hex');
}

/** For a lease that is made for a caller. */
export function randomLease(): string {
  for (;;) {
    const bytes = randomBytes(LEASE_BYTES);
    bytes[0] = (bytes[0] ?? 0) & 0x7f;
    const lease = bytes.toString('hex');
    if (!isOwnLease(lease) && BigInt(`0x${lease}`) > 0n) return lease;
  }
}

/**
 * A caller's lease ID in the form that the house uses, 16 lowercase hex digits. Takes 1 to 16, so leading zeros may be missing. Throws
 * `invalid-request` at `pointer` for what is no positive 63-bit number, `permission-denied` for leases of the gateway's own entries.
 */
export function parseLeaseId(text: string, pointer: string): string {
  const isHex = /^[0-9a-f]{1,16}$/i.test(text);
  const id = isHex ? BigInt(`0x${text}`) : 0n;
  if (id === 0n || id >= LEASE_ID_END) {
    throw invalidRequest(
      pointer,
      `${JSON.stringify(text.slice(0, 2 * LEASE_HEX_DIGITS))} is not a lease ID`,
      'lease IDs are 1 to 16 hex digits, from 1 to 7fffffffffffffff, as etcdctl prints them',
    );
  }
  const lease = id.toString(16).padStart(LEASE_HEX_DIGITS, '0');
  if (!isOwnLease(lease)) return lease;
  throw new GatewayError('permission-denied', {
    detail: `the lease ${lease} belongs to a lock or an election of the gateway`,
    hint: 'renew or release it through its lock or election',
  });
}
