// Downloads etcd from Debian's package `etcd-server` (or another program from its package) with the machine's apt-get. Nothing is installed:
// package lists, download and unpacked files are in one folder. Works with and without root, from the mirrors of the machine's apt.
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemReason } from '../core/system-reason.js';
import type { Fetched } from './cache.js';
import { onPath, runCommand } from './command.js';
import { makeFolder } from './folder.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MIRRORS_MAX = 3;
const MIRRORS_LIMIT_MS = 15_000;
const UPDATE_LIMIT_MS = 120_000;
const DOWNLOAD_LIMIT_MS = 120_000;
const UNPACK_LIMIT_MS = 60_000;
const MIRROR_CONNECT_LIMIT_SECONDS = 5;

/** Newest first. */
export const DEBIAN_SUITES: readonly string[] = ['sid', 'trixie', 'bookworm'];

export interface DebianProgram {
  readonly package: string;
  /** Its path in the package. */
  readonly file: string;
}

const ETCD: DebianProgram = { package: 'etcd-server', file: 'usr/bin/etcd' };

export interface DebianFetch {
  /** etcd itself by default. */
  readonly program?: DebianProgram;
  /** The PATH for apt-get and dpkg-deb, which they also get. */
  readonly path: string;
  readonly suite: string;
  /** Created by the download; all files are below it. */
  readonly folder: string;
  readonly mirrors: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Returns the mirrors in the machine's apt configuration that may have Debian's main archive, in its order, or the reason why there is none. */
export async function debianMirrors(
  path: string,
  signal?: AbortSignal,
): Promise<{ mirrors: string[] } | { reason: string }> {
  const aptGet = await onPath('apt-get', path);
  if (aptGet === undefined) return { reason: 'there is no apt-get on the PATH' };
  if ((await onPath('dpkg-deb', path)) === undefined) {
    return { reason: 'there is no dpkg-deb on the PATH' };
  }
  // Without the release information it also lists the configuration of a machine that never downloaded a package list.
  const format = '$(REPO_URI)|$(COMPONENT)|$(RELEASE)';
  const args = ['indextargets', '--no-release-info', '--format', format, 'Created-By: Packages'];
  const result = await runCommand(aptGet, args, {
    ...aptEnvironment(path),
    signal,
    timeoutMs: MIRRORS_LIMIT_MS,
  });
  if (result.kind === 'failed') return { reason: `apt-get indextargets: ${result.reason}` };
  const mirrors = mirrorsIn(result.stdout);
  return mirrors.length === 0 ? { reason: "apt's configuration names no mirror" } : { mirrors };
}

/** Returns the distinct repositories with a component `main`, without those for updates and security fixes. */
export function mirrorsIn(indexTargets: string): string[] {
  const mirrors = indexTargets.split('\n').flatMap((line) => {
    const [uri = '', component, release = '-'] = line.trim().split('|');
    return component === 'main' && !release.includes('-') ? [uri] : [];
  });
  return [...new Set(mirrors)].slice(0, MIRRORS_MAX);
}

/** Downloads and unpacks the package of one suite from the first mirror that has it. */
export async function fetchFromDebian(fetch: DebianFetch): Promise<Fetched> {
  const reasons: string[] = [];
  for (const [index, mirror] of fetch.mirrors.entries()) {
    const result = await fetchFromMirror(fetch, mirror, join(fetch.folder, String(index)));
    if (result.kind === 'fetched') return result;
    reasons.push(`${mirror} ${result.reason}`);
  }
  return { kind: 'failed', reason: reasons.join('; ') };
}

async function fetchFromMirror(
  { path, suite, signal, program = ETCD }: DebianFetch,
  mirror: string,
  folder: string,
): Promise<Fetched> {
  const unpacked = join(folder, 'unpacked');
  const { env } = aptEnvironment(path);
  const run = async (
    command: string,
    args: readonly string[],
    timeoutMs: number,
  ): Promise<void> => {
    const file = await onPath(command, path);
    if (file === undefined) throw new Error(`there is no ${command} on the PATH`);
    const result = await runCommand(file, args, { env, signal, timeoutMs, cwd: folder });
    if (result.kind === 'failed') throw new Error(`${command}: ${result.reason}`);
  };
  try {
    await prepareFolder(folder, mirror, suite);
    const options = aptOptions(folder);
    await run('apt-get', [...options, 'update'], UPDATE_LIMIT_MS);
    await run('apt-get', [...options, 'download', program.package], DOWNLOAD_LIMIT_MS);
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get downloaded no package');
    await run('dpkg-deb', ['-x', join(folder, archive), unpacked], UNPACK_LIMIT_MS);
    return { kind: 'fetched', file: join(unpacked, program.file) };
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: 'failed', reason: systemReason(error) };
  }
}

async function prepareFolder(folder: string, mirror: string, suite: string): Promise<void> {
  for (const name of ['parts', 'lists/partial', 'cache/archives/partial']) {
    await makeFolder(join(folder, name));
  }
  const source = [
    'Types: deb',
    `URIs: ${mirror}`,
    `Suites: ${suite}`,
    'Components: main',
    ...(existsSync(KEYRING) ? [`Signed-By: ${KEYRING}`] : []),
  ];
  await writeFile(join(folder, 'parts', 'etcd.sources'), `${source.join('\n')}\n`);
}

function aptOptions(folder: string): string[] {
  return [
    'Dir::Etc::sourcelist=/dev/null',
    `Dir::Etc::sourceparts=${join(folder, 'parts')}`,
    'Dir::Etc::preferences=/dev/null',
    'Dir::Etc::preferencesparts=/dev/null',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    // With the system's own status, `download` fails if a newer etcd is installed.
    'Dir::State::status=/dev/null',
    // Requires valid signatures even if the machine's configuration does not.
    'Acquire::AllowInsecureRepositories=false',
    'Acquire::AllowDowngradeToInsecureRepositories=false',
    'Acquire::AllowWeakRepositories=false',
    'APT::Get::AllowUnauthenticated=false',
    // Without it, `update` exits with 0 if a mirror is down.
    'APT::Update::Error-Mode=any',
    'Acquire::Retries=0',
    `Acquire::http::Timeout=${MIRROR_CONNECT_LIMIT_SECONDS}`,
    `Acquire::https::Timeout=${MIRROR_CONNECT_LIMIT_SECONDS}`,
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
}

function aptEnvironment(path: string): { env: Record<string, string> } {
  return { env: { PATH: path, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } };
}
