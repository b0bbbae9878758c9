// The etcd binaries for tests: the one of a plain start, and those of older versions, whose JSON differs. Each is fetched once.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findEtcd } from '../../src/embedded/binary.js';
import {
  cachedBinaries,
  inspectCached,
  storeBinary,
  withFetchFolder,
  withFetchLock,
} from '../../src/embedded/cache.js';
import { debianMirrors, fetchFromDebian } from '../../src/embedded/debian.js';
import { makeFolder } from '../../src/embedded/folder.js';
import { inspectBinary } from '../../src/embedded/inspection.js';
import type { EtcdBinary } from '../../src/embedded/inspection.js';
import { distrustOf } from '../../src/embedded/trust.js';
import { OFFICIAL_BASE_URL } from '../../src/embedded/release.js';

const PROJECT_CACHE = fileURLToPath(new URL('../../.latchkey/cache', import.meta.url));

/** A minor version of etcd and the Debian suites that have it, newest first. */
const SUITES = { '3.4': ['bookworm'], '3.5': ['sid', 'trixie'] } as const;

export type EtcdLine = keyof typeof SUITES;

/** The cache of `npm start` in this checkout. Another folder if that one is empty and belongs to another user. */
async function testCacheDir(): Promise<string> {
  return (await binariesIn(PROJECT_CACHE)).length > 0 ? PROJECT_CACHE : writableCacheDir();
}

/** Returns the etcd of a plain `npm start`, or the one in `TEST_ETCD_BIN`. */
export async function findTestEtcd(): Promise<EtcdBinary> {
  return findEtcd({
    etcdBin: process.env.TEST_ETCD_BIN,
    path: testPath(),
    cacheDir: await testCacheDir(),
    downloadBaseUrl: OFFICIAL_BASE_URL,
    say,
  });
}

/** Returns an etcd of that minor version, or the reason why there is none. */
export async function findEtcdOfLine(line: EtcdLine): Promise<EtcdBinary | { reason: string }> {
  const folders = cacheDirs().flatMap((cache) => [cache, join(cache, line)]);
  for (const folder of folders) {
    const found = await cachedOfLine(folder, line);
    if (found !== undefined) return found;
  }
  const cacheDir = join(await writableCacheDir(), line);
  return withFetchFolder(cacheDir, (folder) =>
    withFetchLock({ cacheDir, path: testPath(), say }, () => fetchLine(line, cacheDir, folder)),
  );
}

/** Returns the PATH of the test process, where programs are searched. */
export function testPath(): string {
  return process.env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin';
}

/** Undefined if the cache belongs to another user, as in a checkout whose owner ran the tests before. */
async function binariesIn(cacheDir: string): Promise<string[]> {
  return cachedBinaries(cacheDir).catch(() => []);
}

async function fetchLine(
  line: EtcdLine,
  cacheDir: string,
  folder: string,
): Promise<EtcdBinary | { reason: string }> {
  const cached = await cachedOfLine(cacheDir, line);
  if (cached !== undefined) return cached;
  const path = testPath();
  const found = await debianMirrors(path);
  if ('reason' in found) return found;
  let reason = '';
  for (const suite of SUITES[line]) {
    say(`fetching etcd ${line} from Debian's ${suite}`);
    const fetch = { path, suite, mirrors: found.mirrors, folder: join(folder, suite) };
    const fetched = await fetchFromDebian(fetch);
    const result =
      fetched.kind === 'failed' ? { ...fetched } : await inspectBinary(fetched.file, {});
    if (result.kind === 'usable') {
      const { file, version } = result.binary;
      return { version, file: await storeBinary(cacheDir, file, version) };
    }
    reason = `${suite}: ${result.reason}`;
  }
  return { reason };
}

async function cachedOfLine(cacheDir: string, line: EtcdLine): Promise<EtcdBinary | undefined> {
  for (const file of await binariesIn(cacheDir)) {
    const inspection = await inspectCached(file, {});
    if (inspection.kind === 'usable' && inspection.binary.version.startsWith(`${line}.`)) {
      return inspection.binary;
    }
  }
  return undefined;
}

/** The folders that may contain earlier downloads: the caches of this checkout and of this user. */
export function cacheDirs(): string[] {
  return [PROJECT_CACHE, ownCacheDir()];
}

/** The folder for new downloads. */
export async function writableCacheDir(): Promise<string> {
  try {
    await makeFolder(PROJECT_CACHE);
    await access(PROJECT_CACHE, constants.W_OK);
    if (distrustOf(await stat(PROJECT_CACHE), 'folder') !== undefined) return ownCacheDir();
    return PROJECT_CACHE;
  } catch {
    return ownCacheDir();
  }
}

function ownCacheDir(): string {
  return join(tmpdir(), `latchkey-test-cache-${process.getuid?.() ?? 0}`);
}

function say(line: string): void {
  console.error(line);
}
