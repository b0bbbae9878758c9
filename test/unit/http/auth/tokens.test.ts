import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenFile } from '../../../../src/http/auth/tokens.js';
import { sha256 } from '../../../../src/core/secret.js';
import { temporaryFolder } from '../../../support/fake-etcd.js';

/** Longer than the interval between two checks of the file. */
const CHECK_MS = 3_000;

let file = '';
beforeEach(async () => {
  file = join(await temporaryFolder(), 'tokens.json');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => void vi.useRealTimers());

const line = (secret: string, fields: object = {}): object => ({
  name: `owner-of-${secret}`,
  sha256: sha256(secret).toString('hex'),
  prefixes: ['app/'],
  rights: ['read'],
  ...fields,
});

async function write(...lines: readonly object[]): Promise<void> {
  await writeFile(file, JSON.stringify(lines));
}

function open() {
  const reports: string[] = [];
  const tokens = new TokenFile(file, {
    onChange: (count) => reports.push(`${count} tokens`),
    onProblem: (reason) => reports.push(reason),
  });
  return { tokens, reports };
}

describe('a token file', () => {
  it('identifies a token with its name and scope', async () => {
    await write(line('one'), line('two', { prefixes: ['web/'], rights: ['lock'] }));
    const { tokens } = open();
    expect(tokens.identify('two')).toMatchObject({
      name: 'owner-of-two',
      scope: { prefixes: ['web/'], rights: new Set(['lock']) },
    });
    expect(tokens.identify('one')?.name).toBe('owner-of-one');
    for (const unknown of ['three', '', sha256('one').toString('hex'), 'one '])
      expect(tokens.identify(unknown)).toBeUndefined();
  });

  it('gives tokens different keys, and a token a new key when its scope changes', async () => {
    await write(line('one'), line('two'));
    const { tokens } = open();
    const before = tokens.identify('one')?.key;
    expect(before).not.toBe(tokens.identify('two')?.key);
    expect(before).not.toContain(sha256('one').toString('hex'));
    await write(line('one', { prefixes: ['app/', 'web/'] }), line('two'));
    vi.advanceTimersByTime(CHECK_MS);
    expect(tokens.identify('one')?.scope?.prefixes).toEqual(['app/', 'web/']);
    expect(tokens.identify('one')?.key).not.toBe(before);
  });

  it('is reloaded when it changes, and a removed token is rejected', async () => {
    await write(line('one'));
    const { tokens, reports } = open();
    const key = tokens.identify('one')?.key;
    await write(line('one'), line('two'));
    vi.advanceTimersByTime(CHECK_MS);
    expect(tokens.identify('two')?.name).toBe('owner-of-two');
    expect(tokens.identify('one')?.key).toBe(key);
    await write(line('two'));
    vi.advanceTimersByTime(CHECK_MS);
    expect(tokens.identify('one')).toBeUndefined();
    expect(reports).toEqual(['2 tokens', '1 tokens']);
    tokens.close();
    await write(line('one'), line('two'), line('three'));
    vi.advanceTimersByTime(CHECK_MS);
    expect(tokens.identify('three')).toBeUndefined();
  });

  it('keeps the last valid content, and reports each problem of a new one once', async () => {
    await write(line('one'));
    const { tokens, reports } = open();
    await writeFile(file, '[{"name": "half');
    for (let check = 0; check < 3; check++) vi.advanceTimersByTime(CHECK_MS);
    expect(reports).toEqual([expect.stringContaining('the file is not JSON')]);
    await rm(file);
    for (let check = 0; check < 3; check++) vi.advanceTimersByTime(CHECK_MS);
    expect(reports).toHaveLength(2);
    expect(tokens.identify('one')?.name).toBe('owner-of-one');
    await write(line('two'));
    vi.advanceTimersByTime(CHECK_MS);
    expect(tokens.identify('two')?.name).toBe('owner-of-two');
  });

  it('is rejected at the start if it is missing, invalid or too large', async () => {
    expect(open).toThrow('ENOENT');
    await write(line('one', { rights: ['root'] }));
    expect(open).toThrow('/0/rights/0: "root" is not a right');
    await writeFile(file, ' '.repeat(1024 * 1024 + 1));
    expect(open).toThrow('at most 1048576 are allowed');
  });

  it('revokes removed and changed tokens at once, and no others', async () => {
    await write(line('one'), line('two'), line('three'));
    const { tokens } = open();
    const [one, two, three] = ['one', 'two', 'three'].map((secret) => tokens.identify(secret));
    await write(line('three'), line('two', { rights: ['read', 'write'] }));
    vi.advanceTimersByTime(CHECK_MS);
    expect([one, two, three].map((each) => each?.revoked?.aborted)).toEqual([true, true, false]);
    expect(tokens.identify('three')).toBe(three);
    expect(tokens.identify('two')?.revoked?.aborted).toBe(false);
    // Work that is shared under the old key may not have ended yet.
    await write(line('one'), line('three'));
    vi.advanceTimersByTime(CHECK_MS);
    expect(tokens.identify('one')?.key).not.toBe(one?.key);
  });
});
