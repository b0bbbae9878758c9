// Whether files and folders that the gateway uses can be changed by other users. Programs and data of another user are never used:
// a user who can write them can run commands as this user. The owner must be this user or root.
import { closeSync, constants, fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { EmbeddedEtcdError } from './embedded-etcd-error.js';

const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
const OWNER_ONLY = 0o600;

type Owned = Pick<Stats, 'uid' | 'mode' | 'isFile' | 'isDirectory'>;

/** `undefined` when only this user and root can change it; otherwise why not, to follow its name in a sentence. */
export function distrustOf(stats: Owned, kind: 'file' | 'folder'): string | undefined {
  return foreignOwner(stats, kind) ?? (isWritableByOthers(stats) ? writable(stats) : undefined);
}

/**
 * Throws an `EmbeddedEtcdError` that names the folder, its owner and the remedy, unless only this user and root can change it. Follows
 * links, because the user may name one. Does not look at the folders above.
 */
export async function requireOwnFolder(
  folder: string,
  { what, setting }: { readonly what: string; readonly setting: string },
): Promise<void> {
  const stats = await stat(folder);
  const other = `name another folder with ${setting}`;
  const foreign = foreignOwner(stats, 'folder');
  if (foreign !== undefined) {
    throw new EmbeddedEtcdError(
      `The ${what} ${folder} ${foreign}: start the gateway as that user, or ${other}`,
    );
  }
  if (isWritableByOthers(stats)) {
    throw new EmbeddedEtcdError(
      `The ${what} ${folder} ${writable(stats)}: type chmod go-w '${folder}' if you trust its content, or ${other}`,
    );
  }
}

/**
 * Opens a file that the gateway keeps for itself, made with mode 0600 where `flags` create it. Does not follow a link in place of the
 * file. Throws the system's error, and an `Error` for a file of another user. Takes the right to write from others.
 */
export function openOwnFile(file: string, flags: number): number {
  const fd = openSync(file, flags | constants.O_NOFOLLOW, OWNER_ONLY);
  try {
    const stats = fstatSync(fd);
    const foreign = foreignOwner(stats, 'file');
    if (foreign !== undefined) throw new Error(`${file} ${foreign}`);
    if (isWritableByOthers(stats)) fchmodSync(fd, OWNER_ONLY);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** For a log or a lock: at its end, made where missing. */
export const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
/** For a file that is written from its beginning. */
export const REPLACE = constants.O_WRONLY | constants.O_TRUNC | constants.O_CREAT;

export function readOwnFile(file: string): string {
  const fd = openOwnFile(file, constants.O_RDONLY);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function foreignOwner(stats: Owned, kind: 'file' | 'folder'): string | undefined {
  const isOfKind = kind === 'file' ? stats.isFile() : stats.isDirectory();
  if (!isOfKind) return `is not a ${kind === 'file' ? 'regular file' : 'folder'}`;
  const self = process.geteuid?.();
  // Windows has no such owners.
  if (self === undefined || stats.uid === self || stats.uid === ROOT) return undefined;
  return `belongs to user ${stats.uid}, while this process runs as user ${self}`;
}

function isWritableByOthers({ mode }: Owned): boolean {
  return process.geteuid !== undefined && (mode & WRITABLE_BY_OTHERS) !== 0;
}

function writable({ mode }: Owned): string {
  return `is writable by other users (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`;
}
