// The one place that builds lock keys: `<prefix><encoded name>/<id>`, the layout of etcd's own mutex, so that all its clients queue together.
import { createHash, randomBytes } from 'node:crypto';
import { invalidRequest } from '../../core/errors.js';
import { prefixRange } from '../../etcd/range.js';
import type { KeyRange, Span } from '../../etcd/wire.js';

const NAME_BYTES_MAX = 512;
const ID_HEX_DIGITS = 16;
const TOKEN_BYTES = 24;

/** Exclusive entries wait for everyone before them, shared ones only for exclusive ones. */
export type Mode = 'exclusive' | 'shared';

/** Sorts behind every hex digit, so that shared entries stand in a range of their own. */
const SHARED_MARK = '~';

/** What a contender competes for: one name below one prefix. Two names never share a key. */
export interface Arena {
  readonly name: string;
  /** Every entry of this name. */
  readonly range: Span;
}

/** Throws `invalid-request` for names that are empty, longer than 512 bytes or contain NUL; `field` is what the caller called it. */
export function createArena(prefix: string, name: string, field: string): Arena {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0) throw invalidRequest(field, `${field} must not be empty`);
  if (bytes > NAME_BYTES_MAX)
    throw invalidRequest(field, `${field} has ${bytes} bytes; ${NAME_BYTES_MAX} are the most`);
  if (name.includes('\0')) throw invalidRequest(field, `${field} must not contain a NUL character`);
  return { name, range: prefixRange(Buffer.from(`${prefix}${encodeName(name)}/`)) };
}

/** Whether a lock or an election can have this name. */
export function isName(name: string): boolean {
  return name !== '' && Buffer.byteLength(name) <= NAME_BYTES_MAX && !name.includes('\0');
}

/** Percent-encodes `%`, `/`, control characters and the space, nothing else: people type these names into etcdctl. */
export function encodeName(name: string): string {
  return name.replace(/[^!-$&-.0-~\u0080-\uffff]/g, (char) => `%${hex(char.charCodeAt(0))}`);
}

/** The inverse of `encodeName`; `undefined` for a segment that it did not make (a foreign client's name). */
export function decodeName(segment: string): string | undefined {
  const name = segment.replace(/%([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return encodeName(name) === segment ? name : undefined;
}

/** For a caller who chose none: nobody else knows it. */
export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Who reads the keyspace learns this, never the token. */
export function entryId(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, ID_HEX_DIGITS);
}

export function entryKey(arena: Arena, id: string, mode: Mode): Buffer {
  return Buffer.concat([arena.range.key, Buffer.from(mode === 'shared' ? SHARED_MARK + id : id)]);
}

/** Where one acquisition stands: its lock, its mode, its own key and the key that the same token has in the other mode. */
export interface Place {
  readonly arena: Arena;
  readonly mode: Mode;
  readonly own: Buffer;
  readonly sibling: Buffer;
}

export function createPlace(arena: Arena, token: string, mode: Mode): Place {
  const id = entryId(token);
  const otherMode = mode === 'shared' ? 'exclusive' : 'shared';
  return { arena, mode, own: entryKey(arena, id, mode), sibling: entryKey(arena, id, otherMode) };
}

export function modeOf(arena: Arena, key: Buffer): Mode {
  return key[arena.range.key.length] === SHARED_MARK.charCodeAt(0) ? 'shared' : 'exclusive';
}

/** The entries of one mode; exclusive ones stand on both sides of the shared ones. */
export function modeRanges(arena: Arena, mode: Mode): KeyRange[] {
  const shared = prefixRange(Buffer.concat([arena.range.key, Buffer.from(SHARED_MARK)]));
  if (mode === 'shared') return [shared];
  return [
    { key: arena.range.key, rangeEnd: shared.key },
    { key: shared.rangeEnd, rangeEnd: arena.range.rangeEnd },
  ];
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, '0');
}
