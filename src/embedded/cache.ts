// The cache of downloaded etcd programs, with one folder per version. Several processes can use it at the same time: a program is
// downloaded into a separate folder and then renamed, so that no process reads a partial one.
import { createHash } from 'node:crypto';
import { closeSync, createReadStream } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemReason } from '../core/system-reason.js';
import { onPath } from './command.js';
import { makeFolder } from './folder.js';
import { takeKernelLock } from './kernel-lock.js';
import { inspectBinary } from './inspection.js';
import type { Inspection, Requirement } from './inspection.js';
import { distrustOf, requireOwnFolder } from './trust.js';
import { compareVersions, versionIn } from './version.js';

const FETCH_FOLDER_PREFIX = '.fetch-';
const FETCH_FOLDER_KEPT_MS = 60 * 60 * 1000;
const FETCH_LOCK_SECONDS = 300;
const REMOVE_RETRIES_MAX = 5;
const REMOVE_RETRY_MS = 50;
const BINARY_MODE = 0o755;
const BINARY = 'etcd';
const DIGEST = 'etcd.sha256';
const DIGEST_MODE = 0o644;
const PLATFORM_SUFFIX = `${process.platform}-${process.arch}`;

/** For messages about it. */
const CACHE = { what: 'cache of etcd programs', setting: '--data-dir' };

/** The result of a download: an unpacked program that was not run yet, or the reason for the failure. */
export type Fetched =
  | { readonly kind: 'fetched'; readonly file: string }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Returns the cached programs for this platform, the newest first. Check them with `inspectCached`. Throws an `EmbeddedEtcdError` if other
 * users can change the cache.
 */
export async function cachedBinaries(cacheDir: string): Promise<string[]> {
  const names = await namesIn(cacheDir);
  if (names.length > 0) await requireOwnFolder(cacheDir, CACHE);
  return names
    .filter((name) => name.startsWith('etcd-') && name.endsWith(PLATFORM_SUFFIX))
    .flatMap((name) => {
      const version = versionIn(name);
      return version === undefined ? [] : [{ name, version }];
    })
    .sort((a, b) => compareVersions(b.version, a.version))
    .map(({ name }) => join(cacheDir, name, BINARY));
}

/** Inspects a cached program. Runs it only if no other user can have written it and its digest matches. */
export async function inspectCached(file: string, requirement: Requirement): Promise<Inspection> {
  const reason = await cacheProblem(file).catch(
    (error: unknown) => `cannot run: ${systemReason(error)}`,
  );
  return reason === undefined ? inspectBinary(file, requirement) : { kind: 'unusable', reason };
}

// The owner protects against other users, the digest against full disks and interrupted copies.
async function cacheProblem(file: string): Promise<string | undefined> {
  const folder = dirname(file);
  const distrust =
    distrustOf(await lstat(folder), 'folder') ?? distrustOf(await lstat(file), 'file');
  if (distrust !== undefined) return `is not trusted: it ${distrust}`;
  const digest = await readFile(join(folder, DIGEST), 'utf8').catch(() => undefined);
  if (digest === undefined) return `has no digest next to it (${DIGEST})`;
  return digest.trim() === (await digestOf(file)) ? undefined : `does not match its ${DIGEST}`;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Runs `work` with an empty folder in the cache and removes it afterwards. Also removes old folders of killed processes. */
export async function withFetchFolder<T>(
  cacheDir: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await makeFolder(cacheDir);
  await requireOwnFolder(cacheDir, CACHE);
  await removeLeftOvers(cacheDir);
  const folder = await mkdtemp(join(cacheDir, FETCH_FOLDER_PREFIX));
  // mkdtemp makes it private, but apt-get, when run as root, downloads as another user.
  await chmod(folder, BINARY_MODE);
  try {
    return await work(folder);
  } finally {
    await removeFolder(folder);
  }
}

/**
 * Runs `work` under a lock, so that of several processes only one downloads and the others find the cache filled. An optimization: without
 * `flock`, or after a timeout, each process downloads for itself, which is safe.
 */
export async function withFetchLock<T>(
  request: {
    readonly cacheDir: string;
    /** The PATH for `flock`. */
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
    say('waiting for another process that downloads etcd into the same cache');
    lock = await takeKernelLock({ ...wanted, waitSeconds: FETCH_LOCK_SECONDS });
  }
  try {
    signal?.throwIfAborted();
    return await work();
  } finally {
    if (lock.kind === 'held') closeSync(lock.fd);
  }
}

/** Copies a checked program into the cache and returns its path there. Replaces a program of the same version that does not run. */
export async function storeBinary(
  cacheDir: string,
  fetched: string,
  version: string,
): Promise<string> {
  const target = join(cacheDir, `etcd-${version}-${PLATFORM_SUFFIX}`);
  const staging = await mkdtemp(join(cacheDir, FETCH_FOLDER_PREFIX));
  await chmod(staging, BINARY_MODE);
  const binary = join(staging, BINARY);
  await copyFile(fetched, binary);
  await chmod(binary, BINARY_MODE);
  await writeFile(join(staging, DIGEST), `${await digestOf(binary)}\n`);
  await chmod(join(staging, DIGEST), DIGEST_MODE);
  await removeUntrusted(target);
  try {
    await rename(staging, target);
  } catch {
    // The folder exists: another process was first, or its program does not run. Each file is replaced atomically.
    for (const name of [BINARY, DIGEST]) await rename(join(staging, name), join(target, name));
    await rm(staging, { recursive: true, force: true });
  }
  return join(target, BINARY);
}

/** Removes a folder of another user, so that the new files do not keep that owner. */
async function removeUntrusted(target: string): Promise<void> {
  const stats = await lstat(target).catch(() => undefined);
  if (stats === undefined || distrustOf(stats, 'folder') === undefined) return;
  await rm(target, { recursive: true, force: true });
}

async function removeLeftOvers(cacheDir: string): Promise<void> {
  for (const name of await namesIn(cacheDir)) {
    if (!name.startsWith(FETCH_FOLDER_PREFIX)) continue;
    const folder = join(cacheDir, name);
    const age = Date.now() - (await stat(folder).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > FETCH_FOLDER_KEPT_MS) await removeFolder(folder);
  }
}

/** A child of a killed program may still write there. Remaining files are removed by a later download. */
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
