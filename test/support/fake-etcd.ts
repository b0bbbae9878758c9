// Scripts that look like etcd to the binary search, release archives of them, and a download server on loopback.
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runCommand } from '../../src/embedded/command.js';
import { releaseUrl } from '../../src/embedded/release.js';
import type { Release } from '../../src/embedded/release.js';
import { testPath } from './etcd-versions.js';

const TAR_LIMIT_MS = 20_000;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' };
const PLATFORM = `${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`;

/** A folder that is removed when the test has finished. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a shell script `etcd` into `folder` that prints its version. Started as a server it runs `rest`. */
export async function writeFakeEtcd(folder: string, version: string, rest = ''): Promise<string> {
  const file = join(folder, 'etcd');
  const tellsVersion = `if [ "$1" = --version ]; then echo "etcd Version: ${version}"; exit 0; fi`;
  return writeProgram(file, `#!/bin/sh\n${tellsVersion}\n${rest}\n`);
}

export async function writeProgram(file: string, text: string): Promise<string> {
  await writeFile(file, text);
  await chmod(file, 0o755);
  return file;
}

/** Packs a release archive of a fake etcd and etcdctl, with the release that pins its digest. */
export async function packRelease(version: string): Promise<{ archive: Buffer; release: Release }> {
  const folder = await temporaryFolder();
  const name = `etcd-v${version}-${PLATFORM}`;
  await mkdir(join(folder, name));
  await writeFakeEtcd(join(folder, name), version);
  await writeProgram(join(folder, name, 'etcdctl'), '#!/bin/sh\n');
  const file = join(folder, 'etcd.tar.gz');
  const result = await runCommand('tar', ['-czf', file, '-C', folder, name], {
    env: { PATH: testPath() },
    timeoutMs: TAR_LIMIT_MS,
  });
  if (result.kind === 'failed') throw new Error(result.reason);
  const archive = await readFile(file);
  return { archive, release: pin(version, archive) };
}

export function pin(version: string, archive: Buffer): Release {
  const digest = createHash('sha256').update(archive).digest('hex');
  return { version, digests: { [PLATFORM]: digest } };
}

/** Returns the path at which a server must serve the archive. */
export function archivePath(release: Release): string {
  return new URL(releaseUrl('http://127.0.0.1', release)!).pathname;
}

/** Starts a server on loopback until the test ends. Returns its base URL. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
