// The lock for systems without a kernel lock that ends with etcd: an exclusive file with its owner. Unlike the kernel's lock it remains
// after a SIGKILL. The next process therefore checks that the owner has exited, and stops an etcd that still runs.
import { closeSync, writeSync } from 'node:fs';
import { link, rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { systemReason } from '../core/system-reason.js';
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

/** Takes the lock for `owner`. It is held until `removePidFile`, or until the owner's supervisor exits. */
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
    return { kind: 'failed', reason: `${file} keeps changing` };
  } catch (error) {
    return { kind: 'failed', reason: systemReason(error) };
  }
}

/** Replaces the content of a held file atomically. */
export async function updatePidFile(file: string, owner: Ownership): Promise<void> {
  await rename(writeDraft(file, owner), file);
}

export async function removePidFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Creates the file by a link: it appears with its whole content, and never replaces another file. */
async function createOnly(file: string, owner: Ownership): Promise<boolean> {
  const draft = writeDraft(file, owner);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft);
  }
}

function writeDraft(file: string, owner: Ownership): string {
  const draft = `${file}.${process.pid}`;
  const fd = openOwnFile(draft, REPLACE);
  writeSync(fd, JSON.stringify(owner));
  closeSync(fd);
  return draft;
}

/** Removes the stale file by a rename, which succeeds in only one of several processes. */
async function removeStale(file: string): Promise<void> {
  const draft = `${file}.${process.pid}.stale`;
  try {
    await rename(file, draft);
    await rm(draft);
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
