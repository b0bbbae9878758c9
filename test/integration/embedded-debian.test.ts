// Debian's package as the last way to an etcd: fetched with the machine's own apt-get, unpacked, run, and found in the cache after that.
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findEtcd } from '../../src/embedded/binary.js';
import { debianMirrors } from '../../src/embedded/debian.js';
import { testPath } from '../support/etcd-versions.js';
import { temporaryFolder } from '../support/fake-etcd.js';

const FETCH_LIMIT_MS = 120_000;

// With the system's programs and none of its etcds.
const path = testPath()
  .split(delimiter)
  .filter((folder) => !existsSync(join(folder, 'etcd')))
  .join(delimiter);
const mirrors = await debianMirrors(path);
const obstacle = 'reason' in mirrors ? mirrors.reason : undefined;
const title = obstacle === undefined ? '' : ` (skipped: ${obstacle})`;

describe.skipIf(obstacle !== undefined)(`Debian's package${title}`, () => {
  it(
    'gives an etcd that runs when the release cannot be reached, and nothing but it stays',
    { timeout: FETCH_LIMIT_MS },
    async () => {
      const cacheDir = join(await temporaryFolder(), 'cache');
      const said: string[] = [];
      const say = (line: string): void => void said.push(line);
      const search = { path, cacheDir, downloadBaseUrl: 'http://127.0.0.1:1', say };
      const first = await findEtcd(search);
      expect(said.slice(0, 3)).toEqual([
        expect.stringMatching(
          /^fetching etcd 3\.6\.14: http:\/\/127\.0\.0\.1:1\/v3\.6\.14\/etcd-v3\.6\.14-/,
        ),
        'failed: the connection was refused (ECONNREFUSED)',
        "fetching Debian's package etcd-server of sid with apt-get (nothing is installed)",
      ]);
      expect(first.version).toMatch(/^3\.\d+\.\d+$/);
      const folder = `etcd-${first.version}-${process.platform}-${process.arch}`;
      const kept = (await readdir(cacheDir)).filter((name) => name !== 'fetch.lock');
      expect(kept).toEqual([folder]);
      expect(await findEtcd({ ...search, path: '' })).toEqual(first);
    },
  );
});
