// Makes folders. Node 20's own recursive `mkdir` never returns where the system says ENOENT below an existing folder, as /proc does.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Readable by all: apt fetches as a user of its own. Writable by its owner alone, whatever the umask allows. */
const OPEN_MODE = 0o755;

/** Makes the folder with `mode` and what is missing above it; fine when it is there. Throws the system's error. */
export async function makeFolder(folder: string, mode = OPEN_MODE): Promise<void> {
  const missingAbove = await makeOne(folder, mode);
  if (missingAbove === undefined) return;
  if (dirname(folder) === folder) throw missingAbove;
  await makeFolder(dirname(folder));
  const missingStill = await makeOne(folder, mode);
  if (missingStill !== undefined) throw missingStill;
}

/** Answers the error when the folder above is missing, throws any other. */
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
