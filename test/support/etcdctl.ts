// The etcdctl binaries for tests, with v3 and v2 commands: from the PATH or the cache. If there is none, it is fetched into the cache from
// Debian's package or the official archive. Nothing is installed.
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
const VERSION_LIMIT_MS = 10_000;

/** Which etcdctl is searched, and where. */
interface Wanted {
  readonly fileInCache: string;
  readonly suites: readonly string[];
  readonly api: '2' | '3';
}

const V3: Wanted = { fileInCache: inCache('etcdctl'), suites: DEBIAN_SUITES, api: '3' };
/** The last minor version whose etcdctl has all v2 commands. */
const V2: Wanted = { fileInCache: inCache('etcdctl-v2'), suites: ['bookworm'], api: '2' };

function inCache(name: string): string {
  return join(`${name}-${process.platform}-${process.arch}`, 'etcdctl');
}

type Found = { readonly file: string } | { readonly reason: string };

/** Returns an etcdctl with v3 commands, or the reason why there is none. */
export async function findEtcdctl(): Promise<Found> {
  return find(V3);
}

/** Returns an etcdctl of etcd 3.4, which has v2 commands with `ETCDCTL_API=2`, or the reason why there is none. */
export async function findEtcdctlOfV2(): Promise<Found> {
  return find(V2);
}

async function find(wanted: Wanted): Promise<Found> {
  const cached = cacheDirs().map((folder) => join(folder, wanted.fileInCache));
  for (const file of [...(await allOnPath('etcdctl', testPath())), ...cached]) {
    if ((await obstacleOf(file, wanted)) === undefined) return { file };
  }
  const cacheDir = await writableCacheDir();
  return withFetchFolder(cacheDir, (folder) =>
    withFetchLock({ cacheDir, path: testPath(), say: console.error }, async () => {
      // The previous holder of the lock may have fetched it.
      const target = join(cacheDir, wanted.fileInCache);
      if ((await obstacleOf(target, wanted)) === undefined) return { file: target };
      const debian = await fetchDebian(folder, target, wanted);
      if ('file' in debian || wanted === V2) return debian;
      const release = await fetchOfficial(folder, target);
      return 'file' in release ? release : { reason: `${debian.reason}; ${release.reason}` };
    }),
  );
}

async function fetchDebian(folder: string, target: string, wanted: Wanted): Promise<Found> {
  const path = testPath();
  const found = await debianMirrors(path);
  if ('reason' in found) return found;
  let reason = '';
  for (const suite of wanted.suites) {
    console.error(`fetching etcdctl from Debian's ${suite}`);
    const fetch = { path, suite, mirrors: found.mirrors, folder: join(folder, suite) };
    const fetched = await fetchFromDebian({ ...fetch, program: PROGRAM });
    const kept = await keep(fetched, target, wanted);
    if ('file' in kept) return kept;
    reason = `Debian's ${suite}: ${kept.reason}`;
  }
  return { reason };
}

async function fetchOfficial(folder: string, target: string): Promise<Found> {
  console.error(`fetching etcdctl ${OFFICIAL_RELEASE.version} from ${OFFICIAL_BASE_URL}`);
  const fetched = await fetchRelease({
    program: 'etcdctl',
    baseUrl: OFFICIAL_BASE_URL,
    release: OFFICIAL_RELEASE,
    limits: DOWNLOAD_LIMITS,
    folder: join(folder, 'release'),
    path: testPath(),
  });
  return keep(fetched, target, V3);
}

/** Moves a binary that runs on this machine into the cache atomically. */
async function keep(fetched: Fetched, target: string, wanted: Wanted): Promise<Found> {
  if (fetched.kind === 'failed') return { reason: fetched.reason };
  const reason = await obstacleOf(fetched.file, wanted);
  if (reason !== undefined) return { reason };
  await mkdir(join(target, '..'), { recursive: true });
  await chmod(fetched.file, 0o755);
  await rename(fetched.file, target);
  return { file: target };
}

async function obstacleOf(file: string, { api }: Wanted): Promise<string | undefined> {
  const result = await runCommand(file, api === '2' ? ['--version'] : ['version'], {
    env: { ETCDCTL_API: api },
    timeoutMs: VERSION_LIMIT_MS,
  });
  if (result.kind === 'failed') return result.reason;
  const isOurs =
    /^etcdctl version: 3\./m.test(result.stdout) &&
    (api === '3' || /^API version: 2$/m.test(result.stdout));
  return isOurs ? undefined : `it is not an etcdctl of etcd 3 with v${api}`;
}
