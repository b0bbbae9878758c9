// Where tests find etcdctl: on the PATH, in the cache; else it is fetched into the cache, out of Debian's package or the official
// archive. Nothing is installed.
import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { withFetchFolder, withFetchLock } from '../../src/embedded/cache.js';
import type { Fetched } from '../../src/embedded/cache.js';
import { allOnPath, runCommand } from '../../src/embedded/command.js';
import { DEBIAN_SUITES, debianMirrors, fetchFromDebian } from '../../src/embedded/debian.js';
import {
  DOWNLOAD_LIMITS,
  OFFICIAL_BASE_URL,
  OFFICIAL_RELEASE,
  fetchRelease,
} from '../../src/embedded/release.js';
import { cacheDirs, testPath, writableCacheDir } from './etcd-versions.js';

const PROGRAM = { package: 'etcd-client', file: 'usr/bin/etcdctl' };
const FILE_IN_CACHE = join(`etcdctl-${process.platform}-${process.arch}`, 'etcdctl');
const VERSION_LIMIT_MS = 10_000;

/** An etcdctl that speaks v3 and runs here, or why there is none. */
export async function findEtcdctl(): Promise<{ file: string } | { reason: string }> {
  const cached = cacheDirs().map((folder) => join(folder, FILE_IN_CACHE));
  for (const file of [...(await allOnPath('etcdctl', testPath())), ...cached]) {
    if ((await obstacleOf(file)) === undefined) return { file };
  }
  const cacheDir = await writableCacheDir();
  return withFetchFolder(cacheDir, (folder) =>
    withFetchLock({ cacheDir, path: testPath(), say: console.error }, async () => {
      // Whoever held the lock before may have fetched it.
      const target = join(cacheDir, FILE_IN_CACHE);
      if ((await obstacleOf(target)) === undefined) return { file: target };
      const debian = await fetchDebian(folder, target);
      if ('file' in debian) return debian;
      const release = await fetchOfficial(folder, target);
      return 'file' in release ? release : { reason: `${debian.reason}; ${release.reason}` };
    }),
  );
}

async function fetchDebian(
  folder: string,
  target: string,
): Promise<{ file: string } | { reason: string }> {
  const path = testPath();
  const found = await debianMirrors(path);
  if ('reason' in found) return found;
  let reason = '';
  for (const suite of DEBIAN_SUITES) {
    console.error(`fetching etcdctl from Debian's ${suite}`);
    const fetch = { path, suite, mirrors: found.mirrors, folder: join(folder, suite) };
    const kept = await keep(await fetchFromDebian({ ...fetch, program: PROGRAM }), target);
    if ('file' in kept) return kept;
    reason = `Debian's ${suite}: ${kept.reason}`;
  }
  return { reason };
}

async function fetchOfficial(
  folder: string,
  target: string,
): Promise<{ file: string } | { reason: string }> {
  console.error(`fetching etcdctl ${OFFICIAL_RELEASE.version} from ${OFFICIAL_BASE_URL}`);
  const fetched = await fetchRelease({
    program: 'etcdctl',
    baseUrl: OFFICIAL_BASE_URL,
    release: OFFICIAL_RELEASE,
    limits: DOWNLOAD_LIMITS,
    folder: join(folder, 'release'),
    path: testPath(),
  });
  return keep(fetched, target);
}

/** What runs here goes into the cache, in one piece. */
async function keep(
  fetched: Fetched,
  target: string,
): Promise<{ file: string } | { reason: string }> {
  if (fetched.kind === 'failed') return { reason: fetched.reason };
  const reason = await obstacleOf(fetched.file);
  if (reason !== undefined) return { reason };
  await mkdir(join(target, '..'), { recursive: true });
  await chmod(fetched.file, 0o755);
  await rename(fetched.file, target);
  return { file: target };
}

async function obstacleOf(file: string): Promise<string | undefined> {
  const result = await runCommand(file, ['version'], {
    env: { ETCDCTL_API: '3' },
    timeoutMs: VERSION_LIMIT_MS,
  });
  if (result.kind === 'failed') return result.reason;
  return /^etcdctl version: 3\./m.test(result.stdout) ? undefined : 'it is no etcdctl of etcd 3';
}
