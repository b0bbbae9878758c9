import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { debianMirrors, fetchFromDebian, mirrorsIn } from '../../../src/embedded/debian.js';
import { temporaryFolder, writeProgram } from '../../support/fake-etcd.js';

describe("the mirrors in apt's configuration", () => {
  it('are the repositories of a whole suite, each once and in their order', () => {
    const targets = [
      'http://mirror.example/debian/|main|bookworm',
      'http://mirror.example/debian/|contrib|bookworm',
      'http://mirror.example/debian/|main|bookworm-updates',
      'http://mirror.example/debian-security/|main|bookworm-security',
      'https://other.example/debian/|main|trixie',
      'https://other.example/debian/|main|sid',
      '',
    ].join('\n');
    expect(mirrorsIn(targets)).toEqual([
      'http://mirror.example/debian/',
      'https://other.example/debian/',
    ]);
  });

  it('are at most three', () => {
    const targets = ['a', 'b', 'c', 'd'].map((name) => `http://${name}/|main|sid`).join('\n');
    expect(mirrorsIn(targets)).toHaveLength(3);
  });

  it('are not asked for without apt-get', async () => {
    const folder = await temporaryFolder();
    expect(await debianMirrors(folder)).toEqual({ reason: 'there is no apt-get on the PATH' });
  });

  it('tell a configuration that names none', async () => {
    const folder = await temporaryFolder();
    await writeProgram(join(folder, 'apt-get'), '#!/bin/sh\n');
    await writeProgram(join(folder, 'dpkg-deb'), '#!/bin/sh\n');
    expect(await debianMirrors(folder)).toEqual({ reason: "apt's configuration names no mirror" });
  });
});

describe("fetching Debian's package", () => {
  it('goes on to the next mirror and tells the first error of each', async () => {
    const folder = await temporaryFolder();
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const failing =
      '#!/bin/sh\necho "E: no route" >&2\necho "E: some index failed" >&2\nexit 100\n';
    await writeProgram(join(bin, 'apt-get'), failing);
    const result = await fetchFromDebian({
      path: bin,
      suite: 'sid',
      folder: join(folder, 'work'),
      mirrors: ['http://a/', 'http://b/'],
    });
    const reason = 'apt-get: ended with status 100: E: no route';
    expect(result).toEqual({ kind: 'failed', reason: `http://a/ ${reason}; http://b/ ${reason}` });
  });

  it('S34: never accepts a repository without a valid signature', async () => {
    const folder = await temporaryFolder();
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const file = join(folder, 'calls');
    await writeProgram(join(bin, 'apt-get'), `#!/bin/sh\necho "$@" >>${file}\nexit 0\n`);
    const fetch = { path: bin, suite: 'sid', folder: join(folder, 'work'), mirrors: ['http://a/'] };
    await fetchFromDebian(fetch);
    const calls = (await readFile(file, 'utf8')).trim().split('\n');
    expect(calls.map((call) => call.split(' ').find((word) => /^[a-z]+$/.test(word)))).toEqual([
      'update',
      'download',
    ]);
    for (const call of calls) {
      expect(call).toContain('-o Acquire::AllowInsecureRepositories=false ');
      expect(call).toContain('-o Acquire::AllowDowngradeToInsecureRepositories=false ');
      expect(call).toContain('-o Acquire::AllowWeakRepositories=false ');
      expect(call).toContain('-o APT::Get::AllowUnauthenticated=false ');
    }
  });
});
