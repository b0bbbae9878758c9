// Downloads etcd's official release archive. Version and SHA-256 digests are pinned here. An archive that does not match is not unpacked,
// so the base URL can be any mirror.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { get as httpGet } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemReason } from '../core/system-reason.js';
import type { Fetched } from './cache.js';
import { onPath, runCommand } from './command.js';
import { makeFolder } from './folder.js';

export interface Release {
  readonly version: string;
  /** SHA-256 of the archive in hex, by etcd's name of the platform. */
  readonly digests: Readonly<Record<string, string>>;
}

export const OFFICIAL_RELEASE: Release = {
  version: '3.6.14',
  digests: {
    'linux-amd64': 'ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5',
    'linux-arm64': 'fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e',
  },
};

export const OFFICIAL_BASE_URL = 'https://github.com/etcd-io/etcd/releases/download';

export interface DownloadLimits {
  /** Name look-up, TCP and TLS of each connection. */
  readonly connectMs: number;
  /** From the connection to the response's headers. */
  readonly headersMs: number;
  /** The longest silence within the body. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly bytesMax: number;
}

export const DOWNLOAD_LIMITS: DownloadLimits = {
  connectMs: 5_000,
  headersMs: 10_000,
  idleMs: 15_000,
  totalMs: 300_000,
  bytesMax: 200 * 1024 * 1024,
};

const REDIRECTS_MAX = 5;
const UNPACK_LIMIT_MS = 60_000;
const ETCD_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export interface ReleaseFetch {
  /** The program in the archive; etcd by default. */
  readonly program?: 'etcd' | 'etcdctl';
  readonly baseUrl: string;
  readonly release: Release;
  readonly limits: DownloadLimits;
  /** Created by the download; all files are below it. */
  readonly folder: string;
  /** The PATH for `tar`. */
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/** Returns the URL of the archive for this platform, or `undefined` if there is no digest for it. */
export function releaseUrl(baseUrl: string, release: Release): string | undefined {
  const platform = etcdPlatform();
  if (release.digests[platform] === undefined) return undefined;
  return `${baseUrl.replace(/\/+$/, '')}/v${release.version}/${archiveName(release)}.tar.gz`;
}

/** Downloads, verifies and unpacks the archive. Does not throw for failures of the server or the network: the result has the reason. */
export async function fetchRelease(fetch: ReleaseFetch): Promise<Fetched> {
  const { baseUrl, release, program = 'etcd', folder, path, limits, signal } = fetch;
  const url = releaseUrl(baseUrl, release);
  if (url === undefined) {
    return { kind: 'failed', reason: `no digest of a release for ${etcdPlatform()} is known` };
  }
  const tar = await onPath('tar', path);
  if (tar === undefined) return { kind: 'failed', reason: 'there is no tar on the PATH' };
  await makeFolder(folder);
  const archive = join(folder, 'etcd.tar.gz');
  let digest: string;
  try {
    digest = await download(new URL(url), archive, limits, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: 'failed', reason: systemReason(error) };
  }
  const expected = release.digests[etcdPlatform()] ?? '';
  if (digest !== expected) {
    return { kind: 'failed', reason: `its SHA-256 is ${digest}, not ${expected}: not unpacked` };
  }
  const member = `${archiveName(release)}/${program}`;
  const result = await runCommand(tar, ['-xzf', archive, '-C', folder, member], {
    env: { PATH: path, LC_ALL: 'C' },
    timeoutMs: UNPACK_LIMIT_MS,
    signal,
  });
  if (result.kind === 'failed') return { kind: 'failed', reason: `tar: ${result.reason}` };
  return { kind: 'fetched', file: join(folder, member) };
}

/** Writes the response of the URL to `file` and returns its SHA-256 in hex. */
async function download(
  url: URL,
  file: string,
  limits: DownloadLimits,
  signal: AbortSignal | undefined,
): Promise<string> {
  const total = AbortSignal.timeout(limits.totalMs);
  const either = signal === undefined ? total : AbortSignal.any([signal, total]);
  try {
    const response = await open(url, limits, either);
    const hash = createHash('sha256');
    let bytes = 0;
    const check = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        hash.update(chunk);
        if (bytes > limits.bytesMax) done(new Error(`it is larger than ${limits.bytesMax} bytes`));
        else done(null, chunk);
      },
    });
    await pipeline(response, check, createWriteStream(file), { signal: either });
    return hash.digest('hex');
  } catch (error) {
    if (total.aborted) {
      throw new Error(`not finished within ${limits.totalMs / 1000} s`, { cause: error });
    }
    throw error;
  }
}

async function open(
  url: URL,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let next = url;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const response = await request(next, limits, signal);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status === 200) return response;
    response.destroy();
    if (status < 300 || status >= 400 || location === undefined) {
      throw new Error(`${next.host} returned status ${status}`);
    }
    next = new URL(location, next);
    if (next.protocol !== 'https:' && next.protocol !== url.protocol) {
      throw new Error(`a redirect to ${next.protocol}//${next.host} is not followed`);
    }
  }
  throw new Error(`more than ${REDIRECTS_MAX} redirects`);
}

async function request(
  url: URL,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? httpsGet : httpGet;
    // No shared agent: the connection has its own timeout and is closed afterwards.
    const call = get(url, { agent: false, signal, headers: { 'user-agent': 'latchkey' } });
    const limit = (ms: number, what: string): NodeJS.Timeout =>
      setTimeout(() => call.destroy(new Error(`no ${what} within ${ms / 1000} s`)), ms);
    let timer = limit(limits.connectMs, 'connection');
    call.once('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        timer = limit(limits.headersMs, 'response');
      });
    });
    call.once('response', (response) => {
      clearTimeout(timer);
      response.setTimeout(limits.idleMs, () =>
        response.destroy(new Error(`nothing more arrived for ${limits.idleMs / 1000} s`)),
      );
      resolve(response);
    });
    call.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function archiveName(release: Release): string {
  return `etcd-v${release.version}-${etcdPlatform()}`;
}

function etcdPlatform(): string {
  return `${process.platform}-${ETCD_ARCHITECTURES[process.arch] ?? process.arch}`;
}
