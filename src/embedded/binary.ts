// Finds an etcd that runs here: the one that the settings name, one on the PATH, one in the cache; else fetches one into the cache.
// Says each step in a line, and when all ways fail, what was tried and what the user can do.
import { join, resolve } from 'node:path';
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
import { EmbeddedEtcdError, reasonOf } from './embedded-etcd-error.js';
import { inspectBinary } from './inspection.js';
import type { EtcdBinary, Inspection, Requirement } from './inspection.js';
import { DOWNLOAD_LIMITS, OFFICIAL_RELEASE, fetchRelease, releaseUrl } from './release.js';
import type { DownloadLimits, Release } from './release.js';
import { compareVersions, isOlder } from './version.js';

export interface BinarySearch extends Requirement {
  /** The binary that the settings name; no other is used then. */
  readonly etcdBin?: string | undefined;
  /** The PATH on which etcd and the programs for fetching it are looked for. */
  readonly path: string;
  readonly cacheDir: string;
  readonly downloadBaseUrl: string;
  readonly say: (line: string) => void;
  readonly release?: Release;
  readonly downloadLimits?: DownloadLimits;
  readonly debianSuites?: readonly string[];
}

/** What was of no use on the way, for the message when nothing is left. */
interface Tried {
  readonly lines: string[];
  /** Versions that would do for other data. */
  readonly tooOld: string[];
}

/** Throws an `EmbeddedEtcdError` when the named binary is of no use or no way leads to one, and the signal's reason. */
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
    return `The newest etcd found is ${newest}, too old for ${data}: name a newer one with --etcd-bin, or another --data-dir`;
  }
  return [
    'No etcd was found on this machine, and none could be fetched. Tried:',
    ...lines.map((line) => `  - ${line}`),
    'What you can do: install etcd 3.4 or newer, or name one with --etcd-bin (LATCHKEY_ETCD_BIN);',
    'or start one with Docker (docker compose up);',
    'or name the endpoints of an etcd that runs already with --endpoints (ETCDCTL_ENDPOINTS).',
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
  // What was of no use before is not said again; another process may have filled the cache meanwhile.
  const look = async (): Promise<EtcdBinary | undefined> => {
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
          (await look()) ??
          (await fetchOfficial(search, join(folder, 'release'), tried)) ??
          (await fetchDebian(search, join(folder, 'debian'), tried)),
      ),
    );
  } catch (error) {
    signal?.throwIfAborted();
    note(tried, `fetching one into the cache ${cacheDir}: ${reasonOf(error)}`);
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
    // The suites come newest first: what is too old there is older still in the next.
    if (binary !== undefined || tried.tooOld.length > tooOldBefore) return binary;
  }
  return undefined;
}

/** What was fetched is used when it runs here; then it is in the cache for good. */
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
  search.say(`that did not work: ${inspection.reason}`);
  return undefined;
}

function note(tried: Tried, line: string, tooOld?: string): void {
  tried.lines.push(line);
  if (tooOld !== undefined) tried.tooOld.push(tooOld);
}
