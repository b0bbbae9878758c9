// Whether files and folders that the gateway uses can be changed by other users. Pure: judges what the system says of them.
import type { Stats } from 'node:fs';

const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;

/** `undefined` when only this user and root can change it; otherwise why not, to follow its name in a sentence. */
export function distrustOf(
  stats: Pick<Stats, 'uid' | 'mode' | 'isFile' | 'isDirectory'>,
  kind: 'file' | 'folder',
): string | undefined {
  const isOfKind = kind === 'file' ? stats.isFile() : stats.isDirectory();
  if (!isOfKind) return `is not a ${kind === 'file' ? 'regular file' : 'folder'}`;
  const self = process.geteuid?.();
  // Windows has no such owners.
  if (self === undefined) return undefined;
  if (stats.uid !== self && stats.uid !== ROOT) {
    return `belongs to user ${stats.uid}, while this process runs as user ${self}`;
  }
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
    return `is writable by other users (mode ${mode})`;
  }
  return undefined;
}
