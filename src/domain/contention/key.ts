// The only file that builds lock keys: `<prefix><encoded name>/<id>`, the layout of etcd's own mutex, so that all its clients share one queue.
import { createHash, randomBytes } from 'node:crypto';
import { invalidRequest } from '../../core/errors.js';
import { prefixRange } from '../../etcd/range.js';
import type { KeyRange, Span } from '../../etcd/wire.js';

const NAME_BYTES_MAX = 512;
const ID_HEX_DIGITS = 16;
const TOKEN_BYTES = 24;

/** An exclusive entry waits for all older entries, a shared entry only for older exclusive ones. */
export type LockMode = 'exclusive' | 'shared';

/** Sorts after all hex digits, so that the shared entries form one range. */
const SHARED_MARK = '~';

/** One lock or election: its name and its key range. Two names never share a key. */
export interface LockResource {
  readonly name: string;
  /** Contains all entries of this name. */
  readonly range: Span;
}

/** Throws `invalid-request` for a name that is empty, longer than 512 bytes, or contains NUL. `field` is the client's word for the name. */
export function createLockResource(prefix: string, name: string, field: string): LockResource {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0) throw invalidRequest(field, `${field} must not be empty`);
  if (bytes > NAME_BYTES_MAX)
    throw invalidRequest(field, `${field} has ${bytes} bytes; the maximum is ${NAME_BYTES_MAX}`);
  if (name.includes('\0')) throw invalidRequest(field, `${field} must not contain a NUL character`);
  return { name, range: prefixRange(Buffer.from(`${prefix}${encodeName(name)}/`)) };
}

/** Whether a lock or an election can have this name. */
export function isLockName(name: string): boolean {
  return name !== '' && Buffer.byteLength(name) <= NAME_BYTES_MAX && !name.includes('\0');
}

/** Percent-encodes only `%`, `/`, control characters and the space, because people type these names into etcdctl. */
export function encodeName(name: string): string {
  return name.replace(/[^!-$&-.0-~\u0080-\uffff]/g, (char) => `%${hex(char.charCodeAt(0))}`);
}

/** The inverse of `encodeName`. Returns `undefined` for a segment that `encodeName` cannot produce: another client chose it. */
export function decodeName(segment: string): string | undefined {
  const name = segment.replace(/%([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return encodeName(name) === segment ? name : undefined;
}

/** Generates a token for a client that chose none. */
export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Hashes the token, so that clients that read the keyspace do not learn it. */
export function entryId(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, ID_HEX_DIGITS);
}

export function entryKey(resource: LockResource, id: string, mode: LockMode): Buffer {
  return Buffer.concat([
    resource.range.key,
    Buffer.from(mode === 'shared' ? SHARED_MARK + id : id),
  ]);
}

/** The keys of one token: its own, and the one that it would have in the other mode. */
export interface EntryKeys {
  readonly resource: LockResource;
  readonly mode: LockMode;
  readonly own: Buffer;
  readonly otherMode: Buffer;
}

export function createEntryKeys(resource: LockResource, token: string, mode: LockMode): EntryKeys {
  const id = entryId(token);
  const otherMode = mode === 'shared' ? 'exclusive' : 'shared';
  return {
    resource,
    mode,
    own: entryKey(resource, id, mode),
    otherMode: entryKey(resource, id, otherMode),
  };
}

export function modeOf(resource: LockResource, key: Buffer): LockMode {
  return key[resource.range.key.length] === SHARED_MARK.charCodeAt(0) ? 'shared' : 'exclusive';
}

/** Returns the ranges of one mode. The exclusive entries sort on both sides of the shared ones. */
export function modeRanges(resource: LockResource, mode: LockMode): KeyRange[] {
  const shared = prefixRange(Buffer.concat([resource.range.key, Buffer.from(SHARED_MARK)]));
  if (mode === 'shared') return [shared];
  return [
    { key: resource.range.key, rangeEnd: shared.key },
    { key: shared.rangeEnd, rangeEnd: resource.range.rangeEnd },
  ];
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, '0');
}
