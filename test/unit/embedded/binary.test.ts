// Where an etcd is looked for, in which order, and what is said when none is of use. The etcds here are scripts.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findEtcd } from '../../../src/embedded/binary.js';
import type { BinarySearch } from '../../../src/embedded/binary.js';
import { storeBinary } from '../../../src/embedded/cache.js';
import { onPath } from '../../../src/embedded/command.js';
import { makeFolder } from '../../../src/embedded/folder.js';
import { testPath } from '../../support/etcd-versions.js';
import {
  packRelease,
  pin,
  serve,
  temporaryFolder,
  writeFakeEtcd,
  writeProgram,
} from '../../support/fake-etcd.js';

const NOBODY = 'http://127.0.0.1:1';

interface Place {
  readonly search: BinarySearch;
  /** A folder on the PATH. */
  readonly bin: string;
  readonly said: string[];
}

/** A machine with nothing on its PATH but an empty folder, an empty cache, and no network. */
async function bareMachine(): Promise<Place> {
  const folder = await temporaryFolder();
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const said: string[] = [];
  const search = {
    path: bin,
    cacheDir: join(folder, 'cache'),
    downloadBaseUrl: NOBODY,
    say: (line: string) => void said.push(line),
  };
  return { search, bin, said };
}

async function writeCached(cacheDir: string, version: string): Promise<string> {
  await makeFolder(cacheDir);
  return storeBinary(cacheDir, await writeFakeEtcd(await temporaryFolder(), version), version);
}

/** `bin` as a PATH with these programs of the system, where it has them, and nothing else that is next to them. */
async function withPrograms(bin: string, ...names: string[]): Promise<string> {
  for (const name of names) {
    const file = await onPath(name, testPath());
    if (file === undefined) continue;
    await writeProgram(join(bin, name), `#!/bin/sh\nPATH='${testPath()}' exec '${file}' "$@"\n`);
  }
  return bin;
}

const hasTar = (await onPath('tar', testPath())) !== undefined;

describe('an etcd is found', () => {
  it('by the setting before all others', async () => {
    const { search, bin } = await bareMachine();
    await writeFakeEtcd(bin, '3.6.1');
    const file = await writeFakeEtcd(await temporaryFolder(), '3.4.23');
    expect(await findEtcd({ ...search, etcdBin: file })).toEqual({ file, version: '3.4.23' });
  });

  it('on the PATH before the cache', async () => {
    const { search, bin } = await bareMachine();
    const file = await writeFakeEtcd(bin, '3.5.30');
    await writeCached(search.cacheDir, '3.6.1');
    expect(await findEtcd(search)).toEqual({ file, version: '3.5.30' });
  });

  it('in the cache, the newest first, without a word or a look at the network', async () => {
    const { search, said } = await bareMachine();
    await writeCached(search.cacheDir, '3.5.9');
    const file = await writeCached(search.cacheDir, '3.5.30');
    expect(await findEtcd(search)).toEqual({ file, version: '3.5.30' });
    expect(said).toEqual([]);
  });

  it('further along when the first one cannot run', async () => {
    const { search, bin, said } = await bareMachine();
    const broken = await writeProgram(
      join(bin, 'etcd'),
      '#!/bin/sh\necho "no such library" >&2\nexit 127\n',
    );
    const file = await writeCached(search.cacheDir, '3.5.30');
    expect(await findEtcd(search)).toEqual({ file, version: '3.5.30' });
    expect(said).toEqual([
      `not used: ${broken} cannot run: ended with status 127: no such library`,
    ]);
  });

  it('in a later folder of the PATH when the first has one that is too old', async () => {
    const { search, bin } = await bareMachine();
    const later = await temporaryFolder();
    await writeFakeEtcd(bin, '3.3.25');
    const file = await writeFakeEtcd(later, '3.5.30');
    const path = [bin, later].join(delimiter);
    expect(await findEtcd({ ...search, path })).toEqual({ file, version: '3.5.30' });
  });

  it('in the cache when the one on the PATH is too old for the data', async () => {
    const { search, bin } = await bareMachine();
    await writeFakeEtcd(bin, '3.4.23');
    const file = await writeCached(search.cacheDir, '3.5.30');
    const writtenBy = { version: '3.5.30', dataDir: '/data' };
    expect(await findEtcd({ ...search, writtenBy })).toEqual({ file, version: '3.5.30' });
  });
});

describe('a named etcd is refused in one line', () => {
  it('when it is missing', async () => {
    const { search } = await bareMachine();
    await expect(findEtcd({ ...search, etcdBin: '/nowhere/etcd' })).rejects.toThrow(
      'The etcd named by --etcd-bin, /nowhere/etcd, cannot run: it does not exist (ENOENT)',
    );
  });

  it('when it is no program', async () => {
    const { search, bin } = await bareMachine();
    const file = join(bin, 'etcd');
    await writeFile(file, 'text', { mode: 0o644 });
    await expect(findEtcd({ ...search, etcdBin: file })).rejects.toThrow(
      `The etcd named by --etcd-bin, ${file}, cannot run: permission denied (EACCES)`,
    );
  });

  it('when it is another program', async () => {
    const { search, bin } = await bareMachine();
    const file = await writeProgram(join(bin, 'etcd'), '#!/bin/sh\necho GNU tar 1.34.0\n');
    await expect(findEtcd({ ...search, etcdBin: file })).rejects.toThrow(
      `The etcd named by --etcd-bin, ${file}, is not etcd: it prints no version`,
    );
  });

  it('when it is older than 3.4', async () => {
    const { search, bin } = await bareMachine();
    const file = await writeFakeEtcd(bin, '3.3.27');
    await expect(findEtcd({ ...search, etcdBin: file })).rejects.toThrow(
      `The etcd named by --etcd-bin, ${file}, is etcd 3.3.27, older than 3.4, the oldest supported version`,
    );
  });

  it('when it is older than the one that wrote the data', async () => {
    const { search, bin } = await bareMachine();
    const etcdBin = await writeFakeEtcd(bin, '3.5.16');
    const writtenBy = { version: '3.5.30', dataDir: '/data' };
    await expect(findEtcd({ ...search, etcdBin, writtenBy })).rejects.toThrow(
      `The etcd named by --etcd-bin, ${etcdBin}, is etcd 3.5.16, too old for the data in /data, which etcd 3.5.30 wrote`,
    );
  });
});

describe.skipIf(!hasTar)('an etcd is fetched', () => {
  it('from the release archive into the cache, and found there the next time', async () => {
    const { search, bin, said } = await bareMachine();
    const { archive, release } = await packRelease('3.6.99');
    const downloadBaseUrl = await serve((_request, response) => response.end(archive));
    const path = await withPrograms(bin, 'tar');
    const first = await findEtcd({ ...search, path, downloadBaseUrl, release });
    expect(first).toMatchObject({ version: '3.6.99' });
    expect(first.file.startsWith(search.cacheDir)).toBe(true);
    expect(said).toHaveLength(1);
    expect(await findEtcd(search)).toEqual(first);
  });

  it('once when several want it at the same time', async () => {
    const { search, bin } = await bareMachine();
    const { archive, release } = await packRelease('3.6.99');
    let requests = 0;
    const downloadBaseUrl = await serve((_request, response) => {
      requests += 1;
      setTimeout(() => response.end(archive), 100);
    });
    const path = await withPrograms(bin, 'tar', 'flock');
    const all = { ...search, path, downloadBaseUrl, release, debianSuites: [] };
    const found = await Promise.all([findEtcd(all), findEtcd(all), findEtcd(all)]);
    expect(new Set(found.map(({ file }) => file)).size).toBe(1);
    const hasFlock = (await onPath('flock', path)) !== undefined;
    expect(requests).toBe(hasFlock ? 1 : 3);
    const left = (await readdir(search.cacheDir)).filter((name) => name.startsWith('.fetch-'));
    expect(left).toEqual([]);
  });

  it('by nobody when the data need a newer one than the release', async () => {
    const { search, bin } = await bareMachine();
    const { release } = await packRelease('3.6.99');
    const writtenBy = { version: '3.7.0', dataDir: '/data' };
    const path = await withPrograms(bin, 'tar');
    await expect(findEtcd({ ...search, path, release, writtenBy })).rejects.toThrow(
      'The newest etcd found is 3.6.99, too old for the data in /data, which etcd 3.7.0 wrote; set a newer one with --etcd-bin, or set another --data-dir',
    );
  });
});

describe('when all ways fail', () => {
  it.skipIf(!hasTar)('the message lists what was tried and what can be done', async () => {
    const { search, said } = await bareMachine();
    const { release } = await packRelease('3.6.99');
    const failure = findEtcd({ ...search, path: '', release });
    await expect(failure).rejects.toThrow(
      [
        'No etcd was found on this machine, and none could be downloaded. Tried:',
        '  - the PATH: it has no etcd',
        `  - the cache ${search.cacheDir}: it has no etcd`,
      ].join('\n'),
    );
    await expect(failure).rejects.toThrow(
      / {2}- http:\/\/127\.0\.0\.1:1\/v3\.6\.99\/.*: there is no tar on the PATH/,
    );
    await expect(failure).rejects.toThrow(
      "  - Debian's package etcd-server: there is no apt-get on the PATH",
    );
    await expect(failure).rejects.toThrow(
      /install etcd 3\.4 or newer.*\n.*Docker.*\n.*--endpoints/,
    );
    expect(said).toHaveLength(2);
  });

  it.skipIf(!hasTar)('the message says that the archive was not the right one', async () => {
    const { search, bin } = await bareMachine();
    const { archive } = await packRelease('3.6.99');
    const release = pin('3.6.99', Buffer.from('else'));
    const downloadBaseUrl = await serve((_request, response) => response.end(archive));
    const path = await withPrograms(bin, 'tar');
    await expect(findEtcd({ ...search, path, downloadBaseUrl, release })).rejects.toThrow(
      /tar\.gz: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}: not unpacked/,
    );
  });

  it('the message says that the cache cannot be written', async () => {
    const { search } = await bareMachine();
    await writeFile(search.cacheDir, 'a file');
    await expect(findEtcd(search)).rejects.toThrow(
      `  - fetching one into the cache ${search.cacheDir}: a file of that name exists (EEXIST)`,
    );
  });

  it.skipIf(!hasTar)('a caller that gives up gets its own reason', async () => {
    const { search, bin } = await bareMachine();
    const { release } = await packRelease('3.6.99');
    const downloadBaseUrl = await serve(() => controller.abort(new Error('enough')));
    const controller = new AbortController();
    const { signal } = controller;
    const path = await withPrograms(bin, 'tar');
    await expect(findEtcd({ ...search, path, downloadBaseUrl, release, signal })).rejects.toThrow(
      'enough',
    );
  });
});
