import { chmod, mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachedBinaries, storeBinary, withFetchFolder } from '../../../src/embedded/cache.js';
import { temporaryFolder } from '../../support/fake-etcd.js';

async function fetchedFile(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'etcd');
  await writeFile(file, text);
  await chmod(file, 0o600);
  return file;
}

describe('the cache', () => {
  it('is empty where there is none', async () => {
    expect(await cachedBinaries('/nowhere/at/all')).toEqual([]);
  });

  it('lists binaries of this platform only, the newest first', async () => {
    const cacheDir = await temporaryFolder();
    for (const name of ['etcd-3.6.1-plan9-mips', 'notes', '.fetch-x'])
      await mkdir(join(cacheDir, name));
    const file = await fetchedFile('binary');
    const older = await storeBinary(cacheDir, file, '3.5.4');
    const newer = await storeBinary(cacheDir, file, '3.5.30');
    expect(await cachedBinaries(cacheDir)).toEqual([newer, older]);
  });

  it('keeps one whole binary when several are stored at once', async () => {
    const cacheDir = await temporaryFolder();
    const text = 'x'.repeat(200_000);
    const file = await fetchedFile(text);
    const stored = await Promise.all(
      Array.from({ length: 5 }, () => storeBinary(cacheDir, file, '3.5.30')),
    );
    expect(new Set(stored).size).toBe(1);
    expect(await readFile(stored[0]!, 'utf8')).toBe(text);
    expect(await readdir(cacheDir)).toHaveLength(1);
  });

  it('replaces a binary that was found not to run', async () => {
    const cacheDir = await temporaryFolder();
    await storeBinary(cacheDir, await fetchedFile('broken'), '3.5.30');
    const stored = await storeBinary(cacheDir, await fetchedFile('whole'), '3.5.30');
    expect(await readFile(stored, 'utf8')).toBe('whole');
  });

  it('removes the folder of a fetch, also when it fails', async () => {
    const cacheDir = await temporaryFolder();
    const failing = withFetchFolder(cacheDir, async (folder) => {
      await writeFile(join(folder, 'part'), 'x');
      throw new Error('cut off');
    });
    await expect(failing).rejects.toThrow('cut off');
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('removes what killed processes left behind, and nothing of those at work', async () => {
    const cacheDir = await temporaryFolder();
    const [old, recent] = [join(cacheDir, '.fetch-old'), join(cacheDir, '.fetch-recent')];
    await mkdir(old);
    await mkdir(recent);
    const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await utimes(old, twoHoursAgo, twoHoursAgo);
    await withFetchFolder(cacheDir, () => Promise.resolve());
    expect(await readdir(cacheDir)).toEqual(['.fetch-recent']);
  });
});
