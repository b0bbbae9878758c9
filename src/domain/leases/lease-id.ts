// The IDs of leases: they state what the gateway made a lease for, and who may use it while it is empty. No I/O.
//
// - `4c4b…` ("LK"): one entry of a lock or an election. No client can name these leases.
// - `4c2…` and `4c3…`: one node of the v2 tree, one key with a `ttl`. Nothing else can be attached to these leases, so that the gateway may
//   revoke them when their key has left them. Without that rule, the revoke would delete what another client attached at that time. `4c3…`
//   ends with 16 bits of SHA-256: all leases that one etcd member names itself begin with the same 16 bits, which can be any.
// - 32 random bits, and 32 bits of SHA-256 over them and the name of the creator: a lease that a client made with `POST /v1/leases`. Every
//   replica recognizes the creator by the ID, also after a restart, without a record that etcd's rights would have to protect. The digest
//   needs no key: another client cannot change the ID of a lease, and a lease in another client's name harms only its maker.
// - Everything else was made by another program, or under a chosen ID. Its creator is unknown.
import { createHash, randomBytes } from 'node:crypto';
import type { Identity } from '../../core/caller.js';
import { GatewayError, invalidRequest } from '../../core/errors.js';

const OWN_LEASE_PREFIX = '4c4b';
const OWN_RANDOM_BYTES = 6;
export const NODE_LEASE_PREFIX = '4c2';
const KEY_LEASE_PREFIX = '4c3';
const KEY_LEASE_CHECK_HEX_DIGITS = 4;
/** Leases of nodes that expire between 2004 and 2039: their times begin with the digit 1. */
const USUAL_NODE_LEASE_PREFIX = '4c21';
const LEASE_HEX_DIGITS = 16;
const RANDOM_BYTES = 4;
const RANDOM_HEX_DIGITS = 2 * RANDOM_BYTES;
/** Too long for an ID in hex. */
const DECIMAL_LEASE = /^[1-9][0-9]{16,18}$/;
/** IDs are positive int64s: from here on the sign bit is set. */
const LEASE_ID_END = 1n << 63n;

/** Returns whether the lease belongs to an entry of a lock or an election of the gateway. */
export function isOwnLease(lease: string): boolean {
  return lease.startsWith(OWN_LEASE_PREFIX);
}

/** Returns whether the gateway made the lease for a single key or v2 node. Of another program's leases, `4c2…` are taken for such a lease. */
export function isKeyLease(lease: string): boolean {
  return lease.startsWith(NODE_LEASE_PREFIX) || hasKeyLeaseCheck(lease);
}

/** The same with fewer mistakes, for a revoke: false for nodes with a ttl of many years. */
export function isRevocableKeyLease(lease: string): boolean {
  return lease.startsWith(USUAL_NODE_LEASE_PREFIX) || hasKeyLeaseCheck(lease);
}

function hasKeyLeaseCheck(lease: string): boolean {
  return lease.startsWith(KEY_LEASE_PREFIX) && withCheck(lease) === lease;
}

/** Replaces the last digits by the check. */
function withCheck(lease: string): string {
  const checked = lease.slice(0, LEASE_HEX_DIGITS - KEY_LEASE_CHECK_HEX_DIGITS);
  const digest = createHash('sha256').update(checked).digest('hex');
  return checked + digest.slice(0, KEY_LEASE_CHECK_HEX_DIGITS);
}

/** Returns whether it is the ID, in the form that the gateway uses, of a lease to which a client can attach a lock. */
export function isClientLease(text: string): boolean {
  const isLease = /^[0-7][0-9a-f]{15}$/.test(text) && !/^0+$/.test(text);
  return isLease && !isOwnLease(text) && !isKeyLease(text);
}

/** For an entry of a lock or an election. */
export function randomOwnLease(): string {
  return OWN_LEASE_PREFIX + randomBytes(OWN_RANDOM_BYTES).toString('hex');
}

/** For a key with a ttl. */
export function randomKeyLease(): string {
  const digits = randomBytes(LEASE_HEX_DIGITS / 2).toString('hex');
  return withCheck(KEY_LEASE_PREFIX + digits.slice(KEY_LEASE_PREFIX.length));
}

/** For a lease that a client asks for. */
export function randomLeaseOf(creator: Identity): string {
  for (;;) {
    const bytes = randomBytes(RANDOM_BYTES);
    bytes[0] = (bytes[0] ?? 0) & 0x7f;
    const random = bytes.toString('hex');
    const lease = random + creatorDigest(random, creator);
    if (!isOwnLease(lease) && !isKeyLease(lease) && BigInt(`0x${lease}`) > 0n) return lease;
  }
}

/** Returns whether the ID carries the name of this client. A lease of another creator does so by random, once in 2^32. */
export function isMadeBy(lease: string, identity: Identity): boolean {
  const random = lease.slice(0, RANDOM_HEX_DIGITS);
  return lease.slice(RANDOM_HEX_DIGITS) === creatorDigest(random, identity);
}

function creatorDigest(random: string, identity: Identity): string {
  const digest = createHash('sha256').update(JSON.stringify([random, ...creatorOf(identity)]));
  return digest.digest('hex').slice(0, LEASE_HEX_DIGITS - RANDOM_HEX_DIGITS);
}

/** Names of tokens and users outlive a new secret. etcd does not state which user a token belongs to: it stands for itself. */
function creatorOf({ name, scope, login }: Identity): readonly string[] {
  if (scope !== undefined) return ['api token', name];
  if (login?.kind === 'user') return ['etcd user', login.name];
  return login?.kind === 'token' ? ['etcd token', login.token.reveal()] : ['gateway'];
}

/**
 * Returns a client's lease ID as 16 lowercase hex digits. Takes 1 to 16, so leading zeros may be missing. Throws `invalid-request` at
 * `pointer` unless the text is a positive 63-bit number, and `permission-denied` for leases of the gateway's own entries.
 */
export function parseLeaseId(text: string, pointer: string): string {
  const isHex = /^[0-9a-f]{1,16}$/i.test(text);
  const id = isHex ? BigInt(`0x${text}`) : 0n;
  if (id === 0n || id >= LEASE_ID_END) {
    throw invalidRequest(
      pointer,
      `${JSON.stringify(text.slice(0, 2 * LEASE_HEX_DIGITS))} is not a lease ID`,
      decimalLeaseHint(text) ??
        'write 1 to 16 hex digits, from 1 to 7fffffffffffffff, as etcdctl prints them',
    );
  }
  const lease = id.toString(16).padStart(LEASE_HEX_DIGITS, '0');
  if (!isOwnLease(lease)) return lease;
  throw new GatewayError('permission-denied', {
    detail: `lease ${lease} belongs to a lock or an election of the gateway`,
    hint: 'renew or release the lock or the election instead',
  });
}

/** Returns the hex form for an ID in decimal, as the raw v3 API writes IDs; undefined for everything else. */
export function decimalLeaseHint(text: string): string | undefined {
  if (!DECIMAL_LEASE.test(text) || BigInt(text) >= LEASE_ID_END) return undefined;
  return `write the ID in hex: ${BigInt(text).toString(16)}; the raw v3 API writes IDs in decimal`;
}

/** The same for a lease that something is to be attached to. Also throws `permission-denied` for a lease that serves a single key. */
export function parseSharedLeaseId(text: string, pointer: string): string {
  const lease = parseLeaseId(text, pointer);
  if (isKeyLease(lease)) throw servesOneKey(lease);
  return lease;
}

export function servesOneKey(lease: string): GatewayError {
  return new GatewayError('permission-denied', {
    detail: `lease ${lease} belongs to a single key with a ttl; no other key can be attached to it`,
    hint: 'create a lease with POST /v1/leases and attach all keys to it',
  });
}
