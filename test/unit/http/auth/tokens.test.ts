import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenFile } from '../../../../src/http/auth/tokens.js';
import { sha256 } from '../../../../src/core/secret.js';
import { temporaryFolder } from '../../../support/fake-etcd.js';

/** Longer than the file goes without a look. */
const LOOK_MS = 3_000;

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
  const heard: string[] = [];
  const tokens = new TokenFile(file, {
    onChange: (count) => heard.push(`${count} tokens`),
    onProblem: (reason) => heard.push(reason),
  });
  return { tokens, heard };
}

describe('a file of tokens', () => {
  it('tells whose token it is and what it may do', async () => {
    await write(line('one'), line('two', { prefixes: ['web/'], rights: ['lock'] }));
    const { tokens } = open();
    expect(tokens.identify('two')).toMatchObject({
      name: 'owner-of-two',
      scope: { prefixes: ['web/'], rights: new Set(['lock']) },
    });
    expect(tokens.identify('one')?.name).toBe('owner-of-one');
    for (const stranger of ['three', '', sha256('one').toString('hex'), 'one '])
      expect(tokens.identify(stranger)).toBeUndefined();
  });

  it('keeps tokens apart, and a token before and after a change of what it may do', async () => {
    await write(line('one'), line('two'));
    const { tokens } = open();
    const before = tokens.identify('one')?.key;
    expect(before).not.toBe(tokens.identify('two')?.key);
    expect(before).not.toContain(sha256('one').toString('hex'));
    await write(line('one', { prefixes: ['app/', 'web/'] }), line('two'));
    vi.advanceTimersByTime(LOOK_MS);
    expect(tokens.identify('one')?.scope?.prefixes).toEqual(['app/', 'web/']);
    expect(tokens.identify('one')?.key).not.toBe(before);
  });

  it('is read again when it changes, and a token that is gone from it is known no more', async () => {
    await write(line('one'));
    const { tokens, heard } = open();
    const key = tokens.identify('one')?.key;
    await write(line('one'), line('two'));
    vi.advanceTimersByTime(LOOK_MS);
    expect(tokens.identify('two')?.name).toBe('owner-of-two');
    expect(tokens.identify('one')?.key).toBe(key);
    await write(line('two'));
    vi.advanceTimersByTime(LOOK_MS);
    expect(tokens.identify('one')).toBeUndefined();
    expect(heard).toEqual(['2 tokens', '1 tokens']);
    tokens.close();
    await write(line('one'), line('two'), line('three'));
    vi.advanceTimersByTime(LOOK_MS);
    expect(tokens.identify('three')).toBeUndefined();
  });

  it('keeps the last good one, and says once what is wrong with the new one', async () => {
    await write(line('one'));
    const { tokens, heard } = open();
    await writeFile(file, '[{"name": "half');
    for (let look = 0; look < 3; look++) vi.advanceTimersByTime(LOOK_MS);
    expect(heard).toEqual([expect.stringContaining('the file is not JSON')]);
    await rm(file);
    for (let look = 0; look < 3; look++) vi.advanceTimersByTime(LOOK_MS);
    expect(heard).toHaveLength(2);
    expect(tokens.identify('one')?.name).toBe('owner-of-one');
    await write(line('two'));
    vi.advanceTimersByTime(LOOK_MS);
    expect(tokens.identify('two')?.name).toBe('owner-of-two');
  });

  it('is not taken at the start when it is missing, wrong or too large', async () => {
    expect(open).toThrow('ENOENT');
    await write(line('one', { rights: ['root'] }));
    expect(open).toThrow('/0/rights/0: "root" is no right');
    await writeFile(file, ' '.repeat(1024 * 1024 + 1));
    expect(open).toThrow('1048576 are the most');
  });

  it('withdraws who is gone, or may do something else, at once, and nobody else', async () => {
    await write(line('one'), line('two'), line('three'));
    const { tokens } = open();
    const [one, two, three] = ['one', 'two', 'three'].map((secret) => tokens.identify(secret));
    await write(line('three'), line('two', { rights: ['read', 'write'] }));
    vi.advanceTimersByTime(LOOK_MS);
    expect([one, two, three].map((each) => each?.revoked?.aborted)).toEqual([true, true, false]);
    expect(tokens.identify('three')).toBe(three);
    expect(tokens.identify('two')?.revoked?.aborted).toBe(false);
    // What was shared under the old one may not have ended yet.
    await write(line('one'), line('three'));
    vi.advanceTimersByTime(LOOK_MS);
    expect(tokens.identify('one')?.key).not.toBe(one?.key);
  });
});
