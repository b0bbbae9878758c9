// The etcds that the integration suite runs against, and how each is got: out of Debian's packages, or built from etcd's own Go modules.
// All are kept in the project's cache. A leg that cannot be had says why in one line.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  cachedBinaries,
  inspectCached,
  storeBinary,
  withFetchFolder,
} from '../../dist/embedded/cache.js';
import { onPath, runCommand } from '../../dist/embedded/command.js';
import { debianMirrors, fetchFromDebian } from '../../dist/embedded/debian.js';
import { inspectBinary } from '../../dist/embedded/inspection.js';

const CACHE = fileURLToPath(new URL('../../.latchkey/cache/versions', import.meta.url));
/** With an empty module cache, on a machine that is busy. */
const BUILD_LIMIT_MS = 1_800_000;
const GO_VERSION_LIMIT_MS = 10_000;
const GO_MINOR_MIN = 23;
/** Where modules come from, as this machine's owner has set it. */
const GO_SETTINGS = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
const SEARCH_PATH = process.env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin';

export const LEGS = [
  { name: '3.4, Debian bookworm', folder: 'bookworm', fetch: fromDebian },
  { name: '3.5, Debian trixie', folder: 'trixie', fetch: fromDebian },
  { name: '3.5, Debian sid', folder: 'sid', fetch: fromDebian },
  { name: '3.6, Go modules', folder: '3.6', fetch: fromGo },
  { name: '3.7, Go modules', folder: '3.7', fetch: fromGo },
];

/** The leg's etcd, or why there is none: `{ file, version }` or `{ reason }`. */
export async function findEtcdOfLeg({ folder, fetch }) {
  const cacheDir = path.join(CACHE, folder);
  for (const file of await cachedBinaries(cacheDir)) {
    const inspection = await inspectCached(file, {});
    if (inspection.kind === 'usable') return inspection.binary;
  }
  return withFetchFolder(cacheDir, async (work) => {
    const fetched = await fetch(folder, work);
    if (fetched.kind === 'failed') return { reason: fetched.reason };
    const inspection = await inspectBinary(fetched.file, {});
    if (inspection.kind === 'unusable') return { reason: `what came ${inspection.reason}` };
    const { file, version } = inspection.binary;
    return { version, file: await storeBinary(cacheDir, file, version) };
  });
}

async function fromDebian(suite, work) {
  const found = await debianMirrors(SEARCH_PATH);
  if ('reason' in found) return { kind: 'failed', reason: found.reason };
  console.error(`fetching etcd from Debian's ${suite}`);
  return fetchFromDebian({ path: SEARCH_PATH, suite, mirrors: found.mirrors, folder: work });
}

/** Builds `<line>/main.go`, whose modules are pinned beside it. */
async function fromGo(line, work) {
  const go = await onPath('go', SEARCH_PATH);
  if (go === undefined) return { kind: 'failed', reason: 'there is no go on the PATH' };
  const { HOME } = process.env;
  const settings = GO_SETTINGS.filter((name) => process.env[name] !== undefined);
  const env = {
    ...Object.fromEntries(settings.map((name) => [name, process.env[name]])),
    PATH: SEARCH_PATH,
    HOME: HOME !== undefined && (await isWritable(HOME)) ? HOME : work,
    // No other Go is fetched for it, and what is fetched can be removed again.
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-mod=readonly -modcacherw',
    CGO_ENABLED: '0',
  };
  const told = await runCommand(go, ['version'], { env, timeoutMs: GO_VERSION_LIMIT_MS });
  const minor = told.kind === 'done' ? Number(/go1\.(\d+)/.exec(told.stdout)?.[1]) : 0;
  if (!(minor >= GO_MINOR_MIN))
    return { kind: 'failed', reason: `the go here is older than 1.${GO_MINOR_MIN}` };
  console.error(`building etcd ${line} with the Go that is here; this takes some minutes`);
  const cwd = fileURLToPath(new URL(line, import.meta.url));
  const file = path.join(work, 'etcd');
  const args = ['build', '-trimpath', '-ldflags=-s -w', '-o', file, '.'];
  const built = await runCommand(go, args, { env, cwd, timeoutMs: BUILD_LIMIT_MS });
  return built.kind === 'failed'
    ? { kind: 'failed', reason: `go build: ${built.reason.split(os.EOL)[0]}` }
    : { kind: 'fetched', file };
}

function isWritable(folder) {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}
