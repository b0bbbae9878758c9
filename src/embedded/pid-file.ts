// The lock where the system has no kernel lock that dies with etcd: an exclusive file naming its owner. Unlike the kernel's lock it
// stays behind after a SIGKILL, so whoever finds it first proves the owner gone and ends an etcd that was left over.
import { closeSync, writeSync } from 'node:fs';
import { link, rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from './embedded-etcd-error.js';
import { isAlive, parseOwnership } from './ownership.js';
import type { Ownership, ProcessIdentity } from './ownership.js';
import { REPLACE, openOwnFile, readOwnFile } from './trust.js';

const TAKE_ATTEMPTS_MAX = 3;
const END_POLLS_MAX = 100;
const END_POLL_MS = 50;

export type PidFile =
  | { readonly kind: 'held' }
  | { readonly kind: 'taken'; readonly owner: Ownership }
  | { readonly kind: 'failed'; readonly reason: string };

/** Takes the file in the name of `owner`. Held until `removePidFile`, or until the owner's supervisor has ended. */
export async function takePidFile(file: string, owner: Ownership): Promise<PidFile> {
  try {
    for (let attempt = 0; attempt < TAKE_ATTEMPTS_MAX; attempt += 1) {
      if (await createOnly(file, owner)) return { kind: 'held' };
      const found = parseOwnership(readOwnFile(file));
      if (found !== undefined && (await isAlive(found.supervisor))) {
        return { kind: 'taken', owner: found };
      }
      if (found?.etcd !== undefined) await end(found.etcd);
      await removeStale(file);
    }
    return { kind: 'failed', reason: `${file} changes all the time` };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

/** Replaces the content of a file that is held, in one step. */
export async function updatePidFile(file: string, owner: Ownership): Promise<void> {
  await rename(writeAside(file, owner), file);
}

export async function removePidFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** A link appears at once with all its content, and never in the place of another file: nobody reads half of it. */
async function createOnly(file: string, owner: Ownership): Promise<boolean> {
  const aside = writeAside(file, owner);
  try {
    await link(aside, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside);
  }
}

function writeAside(file: string, owner: Ownership): string {
  const aside = `${file}.${process.pid}`;
  const fd = openOwnFile(aside, REPLACE);
  writeSync(fd, JSON.stringify(owner));
  closeSync(fd);
  return aside;
}

/** A rename takes the stale file away once, however many processes found it; for the others it is gone already. */
async function removeStale(file: string): Promise<void> {
  const aside = `${file}.${process.pid}.stale`;
  try {
    await rename(file, aside);
    await rm(aside);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

async function end(etcd: ProcessIdentity): Promise<void> {
  if (!(await isAlive(etcd))) return;
  process.kill(etcd.pid, 'SIGKILL');
  for (let poll = 0; poll < END_POLLS_MAX && (await isAlive(etcd)); poll += 1) {
    await pause(END_POLL_MS);
  }
}
