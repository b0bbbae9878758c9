import { mkdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  complaintIn,
  lastComplaint,
  prepareDataDirectory,
} from '../../../src/embedded/data-directory.js';
import { temporaryFolder } from '../../support/fake-etcd.js';

describe('the data directory', () => {
  it('is made where it is missing, closed to others where the data are', async () => {
    const folder = join(await temporaryFolder(), 'a', 'b');
    const { etcdDataDir } = await prepareDataDirectory(folder);
    expect((await stat(etcdDataDir)).mode & 0o777).toBe(0o700);
  });

  it('tells which etcd wrote the data, as long as there are any', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'etcd.version'), '3.5.30\n');
    const { etcdDataDir, writtenBy } = await prepareDataDirectory(folder);
    expect(writtenBy).toBeUndefined();
    await mkdir(join(etcdDataDir, 'member'));
    expect((await prepareDataDirectory(folder)).writtenBy).toBe('3.5.30');
  });

  it('tells nothing about data of unknown origin', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'etcd-data', 'member'), { recursive: true });
    expect((await prepareDataDirectory(folder)).writtenBy).toBeUndefined();
  });

  it('is refused in one line when a file of that name exists', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(prepareDataDirectory(file)).rejects.toThrow(
      `The data directory ${file} cannot be used: a file of that name exists (EEXIST)`,
    );
  });

  it('is refused in one line when it cannot be made', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(prepareDataDirectory(join(file, 'below'))).rejects.toThrow(
      /^The data directory .*\/file\/below cannot be used: a part of its path is not a directory \(ENOTDIR\)$/,
    );
  });

  it('is refused in one line when its path goes in circles', async () => {
    const loop = join(await temporaryFolder(), 'loop');
    await symlink(loop, loop);
    await expect(prepareDataDirectory(join(loop, 'x'))).rejects.toThrow(
      /^The data directory .* cannot be used: .*ELOOP.*$/,
    );
  });

  it.skipIf(process.getuid?.() === 0)(
    'is refused when it may not be read (not as root)',
    async () => {
      const folder = join(await temporaryFolder(), 'closed');
      await mkdir(folder, { mode: 0o000 });
      await expect(prepareDataDirectory(folder)).rejects.toThrow(
        `The data directory ${folder} cannot be used: permission denied (EACCES)`,
      );
    },
  );

  it('keeps a log that has grown too large once, and begins another', async () => {
    const folder = await temporaryFolder();
    const { logFile } = await prepareDataDirectory(folder);
    await writeFile(logFile, 'old');
    await truncate(logFile, 17 * 1024 * 1024);
    await prepareDataDirectory(folder);
    expect((await stat(logFile)).size).toBe(0);
    expect((await readFile(`${logFile}.1`)).subarray(0, 3).toString()).toBe('old');
  });
});

describe("etcd's last complaint", () => {
  const info = JSON.stringify({ level: 'info', msg: 'starting' });
  const fatal = JSON.stringify({ level: 'fatal', msg: 'discovery failed', error: 'bind: in use' });

  it('is the last serious entry with its error', () => {
    expect(complaintIn(`${info}\n${fatal}\n${info}\n`)).toBe('discovery failed: bind: in use');
  });

  it('is the last line that is no entry when a shell or the loader speaks', () => {
    expect(complaintIn(`${info}\nsh: 1: exec: /x/etcd: not found\n`)).toBe(
      'sh: 1: exec: /x/etcd: not found',
    );
  });

  it('is none in a log that is content', () => {
    expect(complaintIn(`${info}\n`)).toBeUndefined();
  });

  it('is cut to one readable line', () => {
    expect(complaintIn('x'.repeat(5_000))).toHaveLength(300);
  });

  it('is not taken from an earlier run', async () => {
    const logFile = join(await temporaryFolder(), 'log');
    await writeFile(logFile, `${fatal}\n`);
    const offset = (await stat(logFile)).size;
    await writeFile(logFile, `${info}\n`, { flag: 'a' });
    expect(await lastComplaint(logFile, offset)).toBeUndefined();
    expect(await lastComplaint(logFile, 0)).toBe('discovery failed: bind: in use');
  });
});
