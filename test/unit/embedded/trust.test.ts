// Folders and files of a data directory that other users own or can write. As root the owner is a real other user.
import { constants, closeSync, existsSync, statSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findEtcd } from '../../../src/embedded/binary.js';
import { storeBinary } from '../../../src/embedded/cache.js';
import { prepareDataDirectory } from '../../../src/embedded/data-directory.js';
import { makeFolder } from '../../../src/embedded/folder.js';
import { takeKernelLock } from '../../../src/embedded/kernel-lock.js';
import { takePidFile } from '../../../src/embedded/pid-file.js';
import { APPEND, distrustOf, openOwnFile, readOwnFile } from '../../../src/embedded/trust.js';
import { temporaryFolder, writeFakeEtcd } from '../../support/fake-etcd.js';

const isRoot = process.geteuid?.() === 0;
const self = process.geteuid?.() ?? 0;
const STRANGER = 65_533;
const OWNER = { gateway: { pid: 1, startTime: '1' }, supervisor: { pid: 1, startTime: '1' } };

function statsOf(uid: number, mode: number) {
  return { uid, mode, isFile: () => false, isDirectory: () => true };
}

describe('S28: a folder', () => {
  it('is trusted when this user or root owns it and no other user can write it', () => {
    expect(distrustOf(statsOf(self, 0o40755), 'folder')).toBeUndefined();
    expect(distrustOf(statsOf(0, 0o40700), 'folder')).toBeUndefined();
  });

  it('is not trusted when another user owns it, or any other user can write it', () => {
    expect(distrustOf(statsOf(STRANGER, 0o40700), 'folder')).toBe(
      `belongs to user ${STRANGER}, while this process runs as user ${self}`,
    );
    expect(distrustOf(statsOf(self, 0o40775), 'folder')).toBe(
      'is writable by other users (mode 0775)',
    );
    expect(distrustOf(statsOf(self, 0o41777), 'folder')).toBe(
      'is writable by other users (mode 1777)',
    );
    expect(distrustOf(statsOf(self, 0o40755), 'file')).toBe('is not a regular file');
  });
});

describe('S28: a data directory', () => {
  it('is refused when other users can write it, with the command that changes that', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o777);
    await expect(prepareDataDirectory(folder)).rejects.toThrow(
      `The data directory ${folder} is writable by other users (mode 0777): run chmod go-w '${folder}' if you trust its content, or name another folder with --data-dir`,
    );
    await chmod(folder, 0o755);
    await prepareDataDirectory(folder);
  });

  it.skipIf(!isRoot)('is refused to root when another user owns it', async () => {
    const folder = await temporaryFolder();
    await chown(folder, STRANGER, STRANGER);
    await expect(prepareDataDirectory(folder)).rejects.toThrow(
      `The data directory ${folder} belongs to user ${STRANGER}, while this process runs as user 0: start the gateway as that user, or name another folder with --data-dir`,
    );
  });

  it('is refused when other users can write the data in it', async () => {
    const folder = await temporaryFolder();
    const data = join(folder, 'etcd-data');
    await mkdir(data);
    await chmod(data, 0o770);
    await expect(prepareDataDirectory(folder)).rejects.toThrow(
      `The data directory ${data} is writable by other users (mode 0770)`,
    );
  });

  it('is writable by its owner alone when it is made, whatever the umask allows', async () => {
    const before = process.umask(0);
    try {
      const folder = join(await temporaryFolder(), 'a', 'b');
      await prepareDataDirectory(folder);
      expect(statSync(folder).mode & 0o777).toBe(0o755);
      expect(statSync(dirname(folder)).mode & 0o777).toBe(0o755);
      expect(statSync(join(folder, 'etcd.log')).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  it.each(['etcd.log', 'etcd.lock', 'etcd.lock.pid', 'etcd.version'])(
    'follows no link in place of %s',
    async (name) => {
      const folder = await temporaryFolder();
      const target = join(await temporaryFolder(), 'target');
      await writeFile(target, 'kept');
      const file = join(folder, name);
      await symlink(target, file);
      expect(() => openOwnFile(file, APPEND)).toThrow('ELOOP');
      expect(() => readOwnFile(file)).toThrow('ELOOP');
      expect(await readFile(target, 'utf8')).toBe('kept');
    },
  );

  it('starts nothing when its log or its lock is a link', async () => {
    const folder = await temporaryFolder();
    const target = join(await temporaryFolder(), 'target');
    const link = join(folder, 'etcd.log');
    await symlink(target, link);
    const reason = 'it is a symbolic link, or its path is a loop of links (ELOOP)';
    await expect(prepareDataDirectory(folder)).rejects.toThrow(
      `The data directory ${folder} cannot be used: ${reason}`,
    );
    const lock = await takeKernelLock({ flock: '/nowhere/flock', file: link, waitSeconds: 0 });
    expect(lock).toEqual({ kind: 'failed', reason });
    // The draft of the pid file has a name that can be known before.
    await symlink(target, join(folder, `pid.${process.pid}`));
    expect(await takePidFile(join(folder, 'pid'), OWNER)).toEqual({ kind: 'failed', reason });
    expect(existsSync(target)).toBe(false);
  });

  it('takes the right to write its files from other users', async () => {
    const file = join(await temporaryFolder(), 'log');
    await writeFile(file, '');
    await chmod(file, 0o666);
    closeSync(openOwnFile(file, APPEND));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!isRoot)('opens no file of another user', async () => {
    const file = join(await temporaryFolder(), 'log');
    await writeFile(file, '');
    await chown(file, STRANGER, STRANGER);
    expect(() => openOwnFile(file, constants.O_RDONLY)).toThrow(`belongs to user ${STRANGER}`);
  });
});

describe('S28: a cached etcd', () => {
  /** A cache with one etcd in it, and a search that finds none elsewhere. */
  async function cached(): Promise<{ file: string; find: () => Promise<unknown>; said: string[] }> {
    const root = await temporaryFolder();
    const cacheDir = join(root, 'cache');
    await makeFolder(cacheDir);
    const fake = await writeFakeEtcd(await temporaryFolder(), '9.9.9');
    const file = await storeBinary(cacheDir, fake, '9.9.9');
    const said: string[] = [];
    const search = {
      path: '',
      cacheDir,
      downloadBaseUrl: 'http://127.0.0.1:1',
      say: (line: string) => void said.push(line),
    };
    return { file, find: () => findEtcd(search), said };
  }

  it('runs while it matches the digest next to it', async () => {
    const { file, find } = await cached();
    expect(await find()).toEqual({ file, version: '9.9.9' });
  });

  it('is not run without a digest, or with another one', async () => {
    const { file, find, said } = await cached();
    const marker = `${file}.ran`;
    await writeFile(file, `#!/bin/sh\ntouch '${marker}'\necho etcd Version: 9.9.9\n`);
    await expect(find()).rejects.toThrow(`${file} does not match its etcd.sha256`);
    expect(said[0]).toBe(`not used: ${file} does not match its etcd.sha256`);
    await writeFile(join(dirname(file), 'etcd.sha256'), '');
    await expect(find()).rejects.toThrow(`${file} does not match its etcd.sha256`);
    expect(existsSync(marker)).toBe(false);
  });

  it('is not run when other users can write it, its folder or the cache', async () => {
    const { file, find } = await cached();
    await chmod(file, 0o777);
    await expect(find()).rejects.toThrow(
      `${file} is not trusted: it is writable by other users (mode 0777)`,
    );
    await chmod(file, 0o755);
    await chmod(dirname(file), 0o777);
    await expect(find()).rejects.toThrow(
      `${file} is not trusted: it is writable by other users (mode 0777)`,
    );
    await chmod(dirname(file), 0o755);
    const cacheDir = dirname(dirname(file));
    await chmod(cacheDir, 0o777);
    await expect(find()).rejects.toThrow(
      `The cache of etcd programs ${cacheDir} is writable by other users (mode 0777): run chmod go-w '${cacheDir}'`,
    );
  });

  it.skipIf(!isRoot)('is not run by root when another user put it there', async () => {
    const { file, find } = await cached();
    await chown(dirname(file), STRANGER, STRANGER);
    await expect(find()).rejects.toThrow(
      `${file} is not trusted: it belongs to user ${STRANGER}, while this process runs as user 0`,
    );
  });

  it.skipIf(!isRoot)('of another user is replaced as a whole', async () => {
    const { file, find } = await cached();
    await chown(dirname(file), STRANGER, STRANGER);
    const fake = await writeFakeEtcd(await temporaryFolder(), '9.9.9');
    expect(await storeBinary(dirname(dirname(file)), fake, '9.9.9')).toBe(file);
    expect(statSync(dirname(file)).uid).toBe(0);
    expect(await find()).toEqual({ file, version: '9.9.9' });
  });
});
