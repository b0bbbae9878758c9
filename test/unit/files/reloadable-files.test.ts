// When changed files take effect: no change is lost, whatever a read in between finds.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenFile } from '../../../src/http/auth/tokens.js';
import { ReloadableFiles } from '../../../src/files/reloadable-files.js';
import { sha256 } from '../../../src/core/secret.js';
import { TlsFiles } from '../../../src/files/tls-files.js';
import { RENEWED, SERVER } from '../../support/certificates.js';
import { temporaryFolder } from '../../support/fake-etcd.js';

/** The time between two looks. */
const LOOK_MS = 2_000;
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder, 'content');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => void vi.useRealTimers());

const look = (): void => void vi.advanceTimersByTime(LOOK_MS);

/** Content that begins with `!` is invalid. */
function open(paths: readonly string[] = [file], afterRead: () => void = () => undefined) {
  const reports: string[] = [];
  const files = new ReloadableFiles({
    paths,
    parse(contents) {
      const text = contents.join('+');
      afterRead();
      if (text.startsWith('!')) throw new Error(`invalid ${text}`);
      return { text };
    },
    onChange: ({ text }) => reports.push(text),
    onProblem: (reason) => reports.push(reason),
  });
  return { files, reports };
}

describe('a changed file', () => {
  it('F51: takes effect after an edit in place with the same size and mtime', async () => {
    await writeFile(file, 'old');
    await utimes(file, LONG_AGO, LONG_AGO);
    const { files, reports } = open();
    await writeFile(file, 'new');
    await utimes(file, LONG_AGO, LONG_AGO);
    look();
    expect(files.content.text).toBe('new');
    look();
    expect(reports).toEqual(['new']);
  });

  it('F51: takes effect if the first read of it fails and nothing changes afterwards', async () => {
    await writeFile(file, 'old');
    let failures = 0;
    const { files, reports } = open([file], () => {
      if (failures-- > 0) throw new Error('EACCES: permission denied');
    });
    await writeFile(file, 'new');
    failures = 3;
    for (let count = 0; count < 3; count++) look();
    expect([files.content.text, reports]).toEqual(['old', ['EACCES: permission denied']]);
    look();
    expect([files.content.text, reports.length]).toEqual(['new', 2]);
  });

  it('F51: takes effect if it changes again while it is read', async () => {
    await writeFile(file, 'old');
    const edits = ['two', 'three'];
    const { files } = open([file], () => {
      const next = readFileSync(file, 'utf8') === 'old' ? undefined : edits.shift();
      if (next !== undefined) writeFileSync(file, next);
    });
    await writeFile(file, 'one');
    look();
    expect(files.content.text).toBe('one');
    look();
    expect(files.content.text).toBe('two');
    look();
    expect(files.content.text).toBe('three');
  });

  it('F51: takes effect if it changes within the same tick of the file system', async () => {
    await writeFile(file, 'old');
    const { files } = open([file]);
    for (let count = 0; count < 100; count++) {
      writeFileSync(file, 'aaa');
      look();
      writeFileSync(file, 'bbb');
      look();
      expect(files.content.text).toBe('bbb');
    }
  });

  it('F51: is reported once a problem, also if the valid content comes back in between', async () => {
    await writeFile(file, 'old');
    const { files, reports } = open();
    for (let count = 0; count < 2; count++) {
      await writeFile(file, '!half');
      look();
      look();
      await writeFile(file, 'old');
      look();
    }
    expect(files.content.text).toBe('old');
    expect(reports).toEqual(['invalid !half', 'invalid !half']);
  });

  it.each([
    ['a directory', async () => mkdir(file), async () => rmdir(file)],
    ['a link to itself', async () => symlink(file, file), async () => rm(file)],
    ['nothing', () => Promise.resolve(), () => Promise.resolve()],
  ])('F51: takes effect after %s was in its place', async (_what, put, remove) => {
    await writeFile(file, 'old');
    const { files, reports } = open();
    await rm(file);
    await put();
    look();
    look();
    expect([files.content.text, reports.length]).toEqual(['old', 1]);
    await remove();
    await writeFile(file, 'new');
    look();
    expect(files.content.text).toBe('new');
  });

  it('F51: is announced again if the announcement failed', async () => {
    await writeFile(file, 'old');
    const announced: string[] = [];
    let isBroken = true;
    const files = new ReloadableFiles({
      paths: [file],
      parse: ([content]) => String(content),
      onChange(text) {
        announced.push(text);
        if (isBroken) throw new Error('not possible now');
      },
    });
    await writeFile(file, 'new');
    look();
    isBroken = false;
    look();
    look();
    expect([files.content, announced]).toEqual(['new', ['new', 'new']]);
  });

  it('F51: is refused above the maximum size, and the content before it stays', async () => {
    await writeFile(file, 'old');
    const { files, reports } = open();
    await writeFile(file, ' '.repeat(4 * 1024 * 1024 + 1));
    look();
    expect([files.content.text, reports]).toEqual(['old', [expect.stringContaining('4194304')]]);
  });
});

describe('several files', () => {
  it('F51: take effect together if they change one after the other', async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const [before, after] = [SERVER, RENEWED];
    await writeFile(cert, before.cert);
    await writeFile(key, before.key);
    const reports: string[] = [];
    const files = new TlsFiles(
      { cert, key },
      {
        onChange: (material) => reports.push(String(material.cert)),
        onProblem: () => reports.push('problem'),
      },
    );
    await writeFile(cert, after.cert);
    look();
    look();
    expect([String(files.material.cert), reports]).toEqual([before.cert, ['problem']]);
    const { mtime } = await stat(key);
    await writeFile(`${key}.new`, after.key);
    await utimes(`${key}.new`, mtime, mtime);
    await rename(`${key}.new`, key);
    look();
    expect([String(files.material.key), reports]).toEqual([after.key, ['problem', after.cert]]);
    files.close();
  });
});

describe('a token that is removed from the file', () => {
  const list = (...secrets: readonly string[]): string =>
    JSON.stringify(
      secrets.map((secret) => ({
        name: `owner-of-${secret}`,
        sha256: sha256(secret).toString('hex'),
        prefixes: [''],
        rights: ['read'],
      })),
    );

  it('F51: is revoked although the file keeps its size and mtime, and was half written before', async () => {
    await writeFile(file, list('one'));
    await utimes(file, LONG_AGO, LONG_AGO);
    const tokens = new TokenFile(file);
    const revoked = tokens.identify('one')?.revoked;
    const half = list('two').slice(0, 20).padEnd(list('two').length, '!');
    for (const content of [half, list('two')]) {
      await writeFile(file, content);
      await utimes(file, LONG_AGO, LONG_AGO);
      look();
    }
    expect([tokens.identify('one'), revoked?.aborted]).toEqual([undefined, true]);
    expect(tokens.identify('two')?.name).toBe('owner-of-two');
    tokens.close();
  });
});
