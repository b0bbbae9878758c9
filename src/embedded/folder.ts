// Creates folders. The recursive `mkdir` of Node 20 never returns if the system reports ENOENT below an existing folder, as in /proc.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Readable by all users, because apt downloads as another user. Writable only by its owner, regardless of the umask. */
const OPEN_MODE = 0o755;

/** Creates the folder with `mode`, and missing parents. Does nothing if it exists. Throws the system's error. */
export async function makeFolder(folder: string, mode = OPEN_MODE): Promise<void> {
  const missingAbove = await makeOne(folder, mode);
  if (missingAbove === undefined) return;
  if (dirname(folder) === folder) throw missingAbove;
  await makeFolder(dirname(folder));
  const missingStill = await makeOne(folder, mode);
  if (missingStill !== undefined) throw missingStill;
}

/** Returns the error if the parent folder is missing, and throws any other error. */
async function makeOne(folder: string, mode: number): Promise<Error | undefined> {
  try {
    await mkdir(folder, { mode });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (error.code === 'ENOENT') return error;
    if (error.code === 'EEXIST' && (await stat(folder)).isDirectory()) return undefined;
    throw error;
  }
}
