// Finds an etcd program for this machine: the one in the settings, one on the PATH, one in the cache, or a downloaded one. Reports each
// step in a line. If nothing is found, the error lists what was tried and what the user can do.
import { join, resolve } from 'node:path';
import { systemReason } from '../core/system-reason.js';
import {
  cachedBinaries,
  inspectCached,
  storeBinary,
  withFetchFolder,
  withFetchLock,
} from './cache.js';
import type { Fetched } from './cache.js';
import { allOnPath } from './command.js';
import { DEBIAN_SUITES, debianMirrors, fetchFromDebian } from './debian.js';
import { EmbeddedEtcdError } from './embedded-etcd-error.js';
import { inspectBinary } from './inspection.js';
import type { EtcdBinary, Inspection, Requirement } from './inspection.js';
import { DOWNLOAD_LIMITS, OFFICIAL_RELEASE, fetchRelease, releaseUrl } from './release.js';
import type { DownloadLimits, Release } from './release.js';
import { compareVersions, isOlder } from './version.js';

export interface BinarySearch extends Requirement {
  /** The program in the settings; no other one is used then. */
  readonly etcdBin?: string | undefined;
  /** The PATH for etcd and for the programs that download it. */
  readonly path: string;
  readonly cacheDir: string;
  readonly downloadBaseUrl: string;
  readonly say: (line: string) => void;
  readonly release?: Release;
  readonly downloadLimits?: DownloadLimits;
  readonly debianSuites?: readonly string[];
}

/** Programs and sources that could not be used, for the message if nothing is found. */
interface Tried {
  readonly lines: string[];
  /** Versions that are only too old for the existing data. */
  readonly tooOld: string[];
}

/** Throws an `EmbeddedEtcdError` if the program in the settings is invalid or none is found, and the signal's reason. */
export async function findEtcd(search: BinarySearch): Promise<EtcdBinary> {
  if (search.etcdBin !== undefined) return namedBinary(search, resolve(search.etcdBin));
  const tried: Tried = { lines: [], tooOld: [] };
  const found =
    (await binaryOnPath(search, tried)) ??
    (await binaryInCache(search, tried)) ??
    (await fetchIntoCache(search, tried));
  if (found !== undefined) return found;
  throw new EmbeddedEtcdError(nothingFound(search, tried));
}

function nothingFound({ writtenBy }: BinarySearch, { lines, tooOld }: Tried): string {
  const newest = [...tooOld].sort(compareVersions).at(-1);
  if (writtenBy !== undefined && newest !== undefined) {
    const data = `the data in ${writtenBy.dataDir}, which etcd ${writtenBy.version} wrote`;
    return `The newest etcd found is ${newest}, too old for ${data}; set a newer one with --etcd-bin, or set another --data-dir`;
  }
  return [
    'No etcd was found on this machine, and none could be downloaded. Tried:',
    ...lines.map((line) => `  - ${line}`),
    'Next steps: install etcd 3.4 or newer, or set its path with --etcd-bin (LATCHKEY_ETCD_BIN);',
    'or start one with Docker (docker compose up);',
    'or set the endpoints of a running etcd with --endpoints (ETCDCTL_ENDPOINTS).',
  ].join('\n');
}

async function namedBinary(search: BinarySearch, file: string): Promise<EtcdBinary> {
  const inspection = await inspectBinary(file, search);
  if (inspection.kind === 'usable') return inspection.binary;
  throw new EmbeddedEtcdError(`The etcd named by --etcd-bin, ${file}, ${inspection.reason}`);
}

async function binaryOnPath(search: BinarySearch, tried: Tried): Promise<EtcdBinary | undefined> {
  const files = await allOnPath('etcd', search.path);
  if (files.length === 0) tried.lines.push('the PATH: it has no etcd');
  return firstUsable(search, files, tried, inspectBinary);
}

async function binaryInCache(search: BinarySearch, tried: Tried): Promise<EtcdBinary | undefined> {
  const files = await cachedBinaries(search.cacheDir);
  if (files.length === 0) tried.lines.push(`the cache ${search.cacheDir}: it has no etcd`);
  return firstUsable(search, files, tried, inspectCached);
}

async function firstUsable(
  search: BinarySearch,
  files: readonly string[],
  tried: Tried,
  inspect: (file: string, requirement: Requirement) => Promise<Inspection>,
): Promise<EtcdBinary | undefined> {
  for (const file of files) {
    const inspection = await inspect(file, search);
    if (inspection.kind === 'usable') return inspection.binary;
    note(tried, `${file} ${inspection.reason}`, inspection.tooOld);
    search.say(`not used: ${file} ${inspection.reason}`);
  }
  return undefined;
}

async function fetchIntoCache(search: BinarySearch, tried: Tried): Promise<EtcdBinary | undefined> {
  const { cacheDir, signal } = search;
  // Another process may have filled the cache meanwhile. Programs that were rejected before are not reported again.
  const findInCache = async (): Promise<EtcdBinary | undefined> => {
    const quiet = { ...search, say: () => undefined };
    return firstUsable(
      quiet,
      await cachedBinaries(cacheDir),
      { lines: [], tooOld: [] },
      inspectCached,
    );
  };
  try {
    return await withFetchFolder(cacheDir, (folder) =>
      withFetchLock(
        search,
        async () =>
          (await findInCache()) ??
          (await fetchOfficial(search, join(folder, 'release'), tried)) ??
          (await fetchDebian(search, join(folder, 'debian'), tried)),
      ),
    );
  } catch (error) {
    signal?.throwIfAborted();
    note(tried, `fetching one into the cache ${cacheDir}: ${systemReason(error)}`);
    return undefined;
  }
}

async function fetchOfficial(
  search: BinarySearch,
  folder: string,
  tried: Tried,
): Promise<EtcdBinary | undefined> {
  const { downloadBaseUrl: baseUrl, path, signal, say, writtenBy } = search;
  const release = search.release ?? OFFICIAL_RELEASE;
  const name = releaseUrl(baseUrl, release) ?? `etcd ${release.version} from ${baseUrl}`;
  if (writtenBy !== undefined && isOlder(release.version, writtenBy.version)) {
    note(tried, `${name}: too old for the data`, release.version);
    return undefined;
  }
  const limits = search.downloadLimits ?? DOWNLOAD_LIMITS;
  say(`fetching etcd ${release.version}: ${name}`);
  const fetched = await fetchRelease({ baseUrl, release, limits, folder, path, signal });
  return accept(search, fetched, name, tried);
}

async function fetchDebian(
  search: BinarySearch,
  folder: string,
  tried: Tried,
): Promise<EtcdBinary | undefined> {
  const { path, signal, say } = search;
  const found = await debianMirrors(path, signal);
  if ('reason' in found) {
    note(tried, `Debian's package etcd-server: ${found.reason}`);
    return undefined;
  }
  for (const suite of search.debianSuites ?? DEBIAN_SUITES) {
    const name = `Debian's package etcd-server of ${suite}`;
    say(`fetching ${name} with apt-get (nothing is installed)`);
    const fetch = { path, suite, mirrors: found.mirrors, folder: join(folder, suite), signal };
    const tooOldBefore = tried.tooOld.length;
    const binary = await accept(search, await fetchFromDebian(fetch), name, tried);
    // The suites are ordered from the newest: the next one has an older etcd.
    if (binary !== undefined || tried.tooOld.length > tooOldBefore) return binary;
  }
  return undefined;
}

/** Stores the fetched program in the cache if it runs on this machine. */
async function accept(
  search: BinarySearch,
  fetched: Fetched,
  name: string,
  tried: Tried,
): Promise<EtcdBinary | undefined> {
  const inspection: Inspection =
    fetched.kind === 'failed'
      ? { kind: 'unusable', reason: fetched.reason }
      : await inspectBinary(fetched.file, search);
  if (inspection.kind === 'usable') {
    const { version, file } = inspection.binary;
    return { version, file: await storeBinary(search.cacheDir, file, version) };
  }
  note(tried, `${name}: ${inspection.reason}`, inspection.tooOld);
  search.say(`failed: ${inspection.reason}`);
  return undefined;
}

function note(tried: Tried, line: string, tooOld?: string): void {
  tried.lines.push(line);
  if (tooOld !== undefined) tried.tooOld.push(tooOld);
}
