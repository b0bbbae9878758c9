// Checks whether a program is etcd, runs on this machine and has a usable version.
import { runCommand } from './command.js';
import { isOlder, versionIn } from './version.js';

const OLDEST_VERSION = '3.4.0';
const VERSION_LIMIT_MS = 10_000;

export interface EtcdBinary {
  readonly file: string;
  readonly version: string;
}

export interface Requirement {
  /** The version that wrote the data, and their folder: an older etcd must not use them. */
  readonly writtenBy?: { readonly version: string; readonly dataDir: string } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type Inspection =
  | { readonly kind: 'usable'; readonly binary: EtcdBinary }
  /** `reason` continues a sentence that begins with the file. `tooOld` is the version if it is only too old for the data. */
  | { readonly kind: 'unusable'; readonly reason: string; readonly tooOld?: string };

export async function inspectBinary(
  file: string,
  { writtenBy, signal }: Requirement,
): Promise<Inspection> {
  const result = await runCommand(file, ['--version'], {
    env: {},
    timeoutMs: VERSION_LIMIT_MS,
    signal,
  });
  if (result.kind === 'failed') return unusable(`cannot run: ${result.reason}`);
  const version = /^etcd version/i.test(result.stdout) ? versionIn(result.stdout) : undefined;
  if (version === undefined) return unusable('is not etcd: it prints no version');
  if (isOlder(version, OLDEST_VERSION)) {
    return unusable(`is etcd ${version}, older than 3.4, the oldest supported version`);
  }
  if (writtenBy !== undefined && isOlder(version, writtenBy.version)) {
    const data = `the data in ${writtenBy.dataDir}, which etcd ${writtenBy.version} wrote`;
    return { ...unusable(`is etcd ${version}, too old for ${data}`), tooOld: version };
  }
  return { kind: 'usable', binary: { file, version } };
}

function unusable(reason: string): Inspection & { kind: 'unusable' } {
  return { kind: 'unusable', reason };
}
