// The folder that keeps fetched etcd binaries, one folder for each version. Several processes may use it at once: a binary is
// fetched into a folder of its own and then renamed, so that nobody ever sees half of one.
import { chmod, copyFile, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from './command.js';
import { makeFolder } from './folder.js';
import { takeKernelLock } from './kernel-lock.js';
import { compareVersions, versionIn } from './version.js';

const FETCH_FOLDER_PREFIX = '.fetch-';
const FETCH_FOLDER_KEPT_MS = 60 * 60 * 1000;
const FETCH_LOCK_SECONDS = 300;
const REMOVE_RETRIES_MAX = 5;
const REMOVE_RETRY_MS = 50;
const BINARY_MODE = 0o755;
const PLATFORM_SUFFIX = `${process.platform}-${process.arch}`;

/** What a source answers: an unpacked binary that has not been tried yet, or why there is none. */
export type Fetched =
  | { readonly kind: 'fetched'; readonly file: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** The cached binaries for this platform, the newest first. Whether they run has not been tried. */
export async function cachedBinaries(cacheDir: string): Promise<string[]> {
  const names = await namesIn(cacheDir);
  return names
    .filter((name) => name.startsWith('etcd-') && name.endsWith(PLATFORM_SUFFIX))
    .flatMap((name) => {
      const version = versionIn(name);
      return version === undefined ? [] : [{ name, version }];
    })
    .sort((a, b) => compareVersions(b.version, a.version))
    .map(({ name }) => join(cacheDir, name, 'etcd'));
}

/** Gives `work` an empty folder in the cache and removes it afterwards, with those that killed processes left behind. */
export async function withFetchFolder<T>(
  cacheDir: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await makeFolder(cacheDir);
  await removeLeftOvers(cacheDir);
  const folder = await mkdtemp(join(cacheDir, FETCH_FOLDER_PREFIX));
  // mkdtemp makes it for its owner alone; apt-get fetches as a user of its own when run as root.
  await chmod(folder, BINARY_MODE);
  try {
    return await work(folder);
  } finally {
    await removeFolder(folder);
  }
}

/**
 * Several processes may want to fetch at once, as parallel tests do: one does, the others wait and find the cache filled. Only a matter
 * of thrift: without `flock`, or when the wait is in vain, each fetches for itself, and the cache stays right.
 */
export async function withFetchLock<T>(
  request: {
    readonly cacheDir: string;
    /** The PATH on which `flock` is looked for. */
    readonly path: string;
    readonly say: (line: string) => void;
    readonly signal?: AbortSignal | undefined;
  },
  work: () => Promise<T>,
): Promise<T> {
  const { cacheDir, path, signal, say } = request;
  const flock = await onPath('flock', path);
  if (flock === undefined) return work();
  const wanted = { flock, file: join(cacheDir, 'fetch.lock'), signal };
  let lock = await takeKernelLock({ ...wanted, waitSeconds: 0 });
  if (lock.kind === 'taken') {
    say('waiting for another process that fetches etcd into the same cache');
    lock = await takeKernelLock({ ...wanted, waitSeconds: FETCH_LOCK_SECONDS });
  }
  try {
    signal?.throwIfAborted();
    return await work();
  } finally {
    if (lock.kind === 'held') closeSync(lock.fd);
  }
}

/** Puts a binary that was tried into the cache and answers its path there. Replaces one of the same version that does not run. */
export async function storeBinary(
  cacheDir: string,
  fetched: string,
  version: string,
): Promise<string> {
  const target = join(cacheDir, `etcd-${version}-${PLATFORM_SUFFIX}`);
  const staging = await mkdtemp(join(cacheDir, FETCH_FOLDER_PREFIX));
  await chmod(staging, BINARY_MODE);
  await copyFile(fetched, join(staging, 'etcd'));
  await chmod(join(staging, 'etcd'), BINARY_MODE);
  try {
    await rename(staging, target);
  } catch {
    // Another process was first, or what stands there was found not to run: etcd in one piece takes its place file by file.
    await rename(join(staging, 'etcd'), join(target, 'etcd'));
    await rm(staging, { recursive: true, force: true });
  }
  return join(target, 'etcd');
}

async function removeLeftOvers(cacheDir: string): Promise<void> {
  for (const name of await namesIn(cacheDir)) {
    if (!name.startsWith(FETCH_FOLDER_PREFIX)) continue;
    const folder = join(cacheDir, name);
    const age = Date.now() - (await stat(folder).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > FETCH_FOLDER_KEPT_MS) await removeFolder(folder);
  }
}

/** A program that was just killed may have a child which still writes there. What stays is removed by a later fetch. */
async function removeFolder(folder: string): Promise<void> {
  const patience = { maxRetries: REMOVE_RETRIES_MAX, retryDelay: REMOVE_RETRY_MS };
  await rm(folder, { recursive: true, force: true, ...patience }).catch(() => undefined);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
