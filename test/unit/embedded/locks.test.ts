// The two locks on a data directory: the kernel's, and the file with process ids where the system has none of that kind.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onPath } from '../../../src/embedded/command.js';
import { takeDataLock } from '../../../src/embedded/data-lock.js';
import type { DataLockRequest, DataLockResult } from '../../../src/embedded/data-lock.js';
import { takeKernelLock } from '../../../src/embedded/kernel-lock.js';
import { identityOf, parseOwnership } from '../../../src/embedded/ownership.js';
import type { Ownership } from '../../../src/embedded/ownership.js';
import { removePidFile, takePidFile, updatePidFile } from '../../../src/embedded/pid-file.js';
import { testPath } from '../../support/etcd-versions.js';
import { temporaryFolder } from '../../support/fake-etcd.js';
import { isGone } from '../../support/processes.js';

const flock = process.platform === 'linux' ? await onPath('flock', testPath()) : undefined;
const GONE = { pid: 1, startTime: 'long ago' };

async function lockFile(): Promise<string> {
  return join(await temporaryFolder(), 'lock');
}

function sleeping(stdio: ('ignore' | number)[] = ['ignore', 'ignore', 'ignore']): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { env: {}, stdio });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function alive(): Promise<Ownership> {
  const self = await identityOf(process.pid);
  return { gateway: self, supervisor: self };
}

describe('the file with process ids', () => {
  it('is taken while its owner lives, and free once it is removed', async () => {
    const file = await lockFile();
    const owner = await alive();
    expect(await takePidFile(file, owner)).toEqual({ kind: 'held' });
    expect(await takePidFile(file, owner)).toEqual({ kind: 'taken', owner });
    await removePidFile(file);
    expect(await takePidFile(file, owner)).toEqual({ kind: 'held' });
  });

  it('is free when its owner is gone, and the etcd left over is ended first', async () => {
    const file = await lockFile();
    const etcd = sleeping();
    const left = { gateway: GONE, supervisor: GONE, etcd: await identityOf(etcd.pid!) };
    await takePidFile(file, { gateway: GONE, supervisor: GONE });
    await updatePidFile(file, left);
    const owner = await alive();
    expect(await takePidFile(file, owner)).toEqual({ kind: 'held' });
    expect(await isGone(etcd.pid!)).toBe(true);
    expect(parseOwnership(await readFile(file, 'utf8'))).toEqual(owner);
  });

  it('never ends a process that only has the number of an etcd that is gone', async () => {
    const file = await lockFile();
    const stranger = sleeping();
    const etcd = { pid: stranger.pid!, startTime: 'long ago' };
    await takePidFile(file, { gateway: GONE, supervisor: GONE, etcd });
    expect(await takePidFile(file, await alive())).toEqual({ kind: 'held' });
    expect(await isGone(stranger.pid!)).toBe(false);
  });

  it('is free when nobody can read anything out of it, and leaves nothing beside it', async () => {
    const file = await lockFile();
    for (const text of [
      '',
      '{"gateway":',
      '[]',
      'null',
      '{"gateway":{"pid":"1"},"supervisor":{}}',
    ]) {
      await writeFile(file, text);
      expect(await takePidFile(file, await alive())).toEqual({ kind: 'held' });
    }
    expect(await readdir(join(file, '..'))).toEqual(['lock']);
  });

  it('tells why it cannot be made', async () => {
    expect(await takePidFile('/nowhere/lock', await alive())).toEqual({
      kind: 'failed',
      reason: 'it does not exist (ENOENT)',
    });
  });
});

describe.skipIf(flock === undefined)("the kernel's lock (where the system has flock)", () => {
  const take = (file: string) => takeKernelLock({ flock: flock!, file, waitSeconds: 0 });

  it('is taken until its file is closed', async () => {
    const file = await lockFile();
    const first = await take(file);
    expect(await take(file)).toEqual({ kind: 'taken' });
    if (first.kind === 'held') closeSync(first.fd);
    const second = await take(file);
    expect(second.kind).toBe('held');
    if (second.kind === 'held') closeSync(second.fd);
  });

  it('lives on in a process that inherited its file', async () => {
    const file = await lockFile();
    const lock = await take(file);
    if (lock.kind !== 'held') throw new Error('not held');
    const heir = sleeping(['ignore', 'ignore', 'ignore', lock.fd]);
    closeSync(lock.fd);
    expect(await take(file)).toEqual({ kind: 'taken' });
    heir.kill('SIGKILL');
    await expect.poll(async () => (await take(file)).kind).toBe('held');
  });

  it('tells why it cannot be taken', async () => {
    expect(await take('/nowhere/lock')).toMatchObject({ reason: 'it does not exist (ENOENT)' });
    const request = { flock: '/nowhere/flock', file: await lockFile(), waitSeconds: 0 };
    expect(await takeKernelLock(request)).toMatchObject({ reason: 'it does not exist (ENOENT)' });
  });
});

const kinds = [undefined, ...(flock === undefined ? [] : [flock])];

describe.each(kinds)('the lock on a data directory (flock: %s)', (program) => {
  async function take(
    file: string,
    gatewayPid: number,
    options: Partial<DataLockRequest> = {},
  ): Promise<DataLockResult> {
    const limits = { waitLimitMs: 10_000, isWanted: () => true };
    const lock = await takeDataLock({
      lockFile: file,
      gatewayPid,
      flock: program,
      ...limits,
      ...options,
    });
    if (lock.kind === 'held' && lock.fd !== undefined) {
      const { fd } = lock;
      onTestFinished(() => closeSync(fd));
    }
    return lock;
  }

  it('is refused at once while the gateway of its holder lives', async () => {
    const file = await lockFile();
    const gateway = sleeping();
    expect((await take(file, gateway.pid!)).kind).toBe('held');
    expect(await take(file, process.pid)).toEqual({ kind: 'taken', gatewayPid: gateway.pid });
  });

  it('is waited for while only the gateway of its holder is gone, up to a limit', async () => {
    const file = await lockFile();
    const gateway = sleeping();
    await take(file, gateway.pid!);
    gateway.kill('SIGKILL');
    await expect.poll(() => isGone(gateway.pid!)).toBe(true);
    expect(await take(file, process.pid, { waitLimitMs: 200 })).toEqual({ kind: 'taken' });
  });

  it('is waited for no longer than it is wanted', async () => {
    const file = await lockFile();
    const gateway = sleeping();
    await take(file, gateway.pid!);
    gateway.kill('SIGKILL');
    await expect.poll(() => isGone(gateway.pid!)).toBe(true);
    expect(await take(file, process.pid, { isWanted: () => false })).toEqual({ kind: 'taken' });
  });
});
