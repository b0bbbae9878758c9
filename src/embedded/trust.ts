// Checks whether other users can change files and folders of the gateway. It never uses programs and data of another user, because a user
// who can write them can run commands as this user. The owner must be this user or root.
import { closeSync, constants, fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { EmbeddedEtcdError } from './embedded-etcd-error.js';

const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
const OWNER_ONLY = 0o600;

type Owned = Pick<Stats, 'uid' | 'mode' | 'isFile' | 'isDirectory'>;

/** Returns `undefined` if only this user and root can change it, else the reason, which continues a sentence after its name. */
export function distrustOf(stats: Owned, kind: 'file' | 'folder'): string | undefined {
  return otherOwner(stats, kind) ?? (isWritableByOthers(stats) ? writable(stats) : undefined);
}

/**
 * Throws an `EmbeddedEtcdError` with the folder, its owner and the fix, unless only this user and root can change it. Follows links, because
 * the setting may be one. Does not check parent folders.
 */
export async function requireOwnFolder(
  folder: string,
  { what, setting }: { readonly what: string; readonly setting: string },
): Promise<void> {
  const stats = await stat(folder);
  const other = `name another folder with ${setting}`;
  const reason = otherOwner(stats, 'folder');
  if (reason !== undefined) {
    throw new EmbeddedEtcdError(
      `The ${what} ${folder} ${reason}: start the gateway as that user, or ${other}`,
    );
  }
  if (isWritableByOthers(stats)) {
    throw new EmbeddedEtcdError(
      `The ${what} ${folder} ${writable(stats)}: run chmod go-w '${folder}' if you trust its content, or ${other}`,
    );
  }
}

/**
 * Opens a private file of the gateway, with mode 0600 if `flags` create it. Does not follow a link. Throws the system's error, and an
 * `Error` for a file of another user. Removes write permission for other users.
 */
export function openOwnFile(file: string, flags: number): number {
  const fd = openSync(file, flags | constants.O_NOFOLLOW, OWNER_ONLY);
  try {
    const stats = fstatSync(fd);
    const reason = otherOwner(stats, 'file');
    if (reason !== undefined) throw new Error(`${file} ${reason}`);
    if (isWritableByOthers(stats)) fchmodSync(fd, OWNER_ONLY);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Flags for a log or a lock: append, create if missing. */
export const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
/** Flags for a file that is replaced. */
export const REPLACE = constants.O_WRONLY | constants.O_TRUNC | constants.O_CREAT;

export function readOwnFile(file: string): string {
  const fd = openOwnFile(file, constants.O_RDONLY);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function otherOwner(stats: Owned, kind: 'file' | 'folder'): string | undefined {
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
