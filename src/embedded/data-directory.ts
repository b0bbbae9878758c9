// The data directory of an embedded etcd: its data, its log, its lock and the version that wrote the data.
import { closeSync, constants, existsSync } from 'node:fs';
import { access, open, rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemReason } from '../core/system-reason.js';
import { EmbeddedEtcdError } from './embedded-etcd-error.js';
import { makeFolder } from './folder.js';
import { APPEND, openOwnFile, readOwnFile, requireOwnFolder } from './trust.js';
import { versionIn } from './version.js';

const LOG_BYTES_MAX = 16 * 1024 * 1024;
const LOG_TAIL_BYTES_MAX = 64 * 1024;
const LOG_LINE_CHARACTERS_MAX = 300;
const PRIVATE_MODE = 0o700;
/** For messages about it. */
const FOLDER = { what: 'data directory', setting: '--data-dir' };
const SERIOUS_LEVELS = new Set(['error', 'fatal', 'panic', 'dpanic']);

export interface DataDirectory {
  readonly dataDir: string;
  /** etcd's own folder. */
  readonly etcdDataDir: string;
  readonly logFile: string;
  readonly lockFile: string;
  readonly versionFile: string;
  /** The version of etcd that wrote the data; `undefined` for no data, or data of unknown origin. */
  readonly writtenBy: string | undefined;
}

/** Creates missing folders and checks that this user, and no other, can use them. Throws an `EmbeddedEtcdError` otherwise. */
export async function prepareDataDirectory(folder: string): Promise<DataDirectory> {
  const dataDir = resolve(folder);
  const directory = {
    dataDir,
    etcdDataDir: join(dataDir, 'etcd-data'),
    logFile: join(dataDir, 'etcd.log'),
    lockFile: join(dataDir, 'etcd.lock'),
    versionFile: join(dataDir, 'etcd.version'),
  };
  try {
    await makeFolder(dataDir);
    await requireOwnFolder(dataDir, FOLDER);
    await makeFolder(directory.etcdDataDir, PRIVATE_MODE);
    await requireOwnFolder(directory.etcdDataDir, FOLDER);
    const allRights = constants.R_OK | constants.W_OK | constants.X_OK;
    await access(dataDir, allRights);
    await access(directory.etcdDataDir, allRights);
    await prepareLog(directory.logFile);
    return { ...directory, writtenBy: versionOfData(directory) };
  } catch (error) {
    if (error instanceof EmbeddedEtcdError) throw error;
    throw new EmbeddedEtcdError(
      `The data directory ${dataDir} cannot be used: ${systemReason(error)}`,
      error,
    );
  }
}

/** Returns the size of the log, so that only later entries are read. */
export async function logSize(logFile: string): Promise<number> {
  return (await stat(logFile)).size;
}

/** Returns the last error in etcd's log after `offset`, as one line. */
export async function lastComplaint(logFile: string, offset: number): Promise<string | undefined> {
  const handle = await open(logFile, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(offset, size - LOG_TAIL_BYTES_MAX);
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.max(size - start, 0)),
      position: start,
    });
    return complaintIn(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** Returns the last error of a log in etcd's JSON lines, or the last line that is not JSON. */
export function complaintIn(log: string): string | undefined {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const complaints = lines.flatMap((line) => complaintOf(line) ?? []);
  return complaints.at(-1)?.slice(0, LOG_LINE_CHARACTERS_MAX);
}

function complaintOf(line: string): string | undefined {
  if (!line.startsWith('{')) return line.trim();
  try {
    const { level, msg, error } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level !== 'string' || !SERIOUS_LEVELS.has(level)) return undefined;
    return [msg, error].filter((part) => typeof part === 'string').join(': ');
  } catch {
    return undefined;
  }
}

async function prepareLog(logFile: string): Promise<void> {
  touch(logFile);
  if ((await stat(logFile)).size > LOG_BYTES_MAX) {
    await rename(logFile, `${logFile}.1`);
    touch(logFile);
  }
}

function touch(file: string): void {
  closeSync(openOwnFile(file, APPEND));
}

/** Ignores the version file if the data were removed. */
function versionOfData(directory: {
  readonly etcdDataDir: string;
  readonly versionFile: string;
}): string | undefined {
  const { etcdDataDir, versionFile } = directory;
  if (!existsSync(join(etcdDataDir, 'member')) || !existsSync(versionFile)) return undefined;
  return versionIn(readOwnFile(versionFile));
}
