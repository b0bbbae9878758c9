// Many writers at two gateways, on names of which some lie below others: whoever comes first, there is never a file below a file.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Random } from '../harness/random.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { newPath, v2Client } from '../support/v2-client.js';

const SEED = 11;
const WRITERS = 8;
const CHANGES = 25;
const NAMES = ['a', 'a/a', 'a/a/a', 'a/b', 'a/b/a', 'b', 'b/a'];

const etcd = new RawEtcd(inject('etcdEndpoint'));
let gateway: Gateway;
beforeAll(async () => {
  const args = ['--endpoints', inject('etcdEndpoint'), '--log-level=warn'];
  gateway = await spawnGateway({ args });
});
afterAll(() => gateway.stop());

type Change = (client: ReturnType<typeof v2Client>, path: string) => Promise<{ status: number }>;

/** As often as they stand here. */
const CHANGES_OF_ALL_KINDS: readonly Change[] = [
  (client, path) => client.put(path, { value: 'x' }),
  (client, path) => client.put(path, { value: 'x' }),
  (client, path) => client.put(path, { value: 'x', prevExist: false }),
  (client, path) => client.post(path, { value: 'x' }),
  (client, path) => client.put(path, { dir: true }),
  (client, path) => client.delete(path),
  (client, path) => client.delete(path, { recursive: true }),
];

/** Makes changes one after the other; gives how they were answered. */
async function write(baseUrl: string, path: string, random: Random): Promise<number[]> {
  const client = v2Client(baseUrl);
  const statuses: number[] = [];
  for (let left = CHANGES; left > 0; left--) {
    const change = random.pick(CHANGES_OF_ALL_KINDS);
    statuses.push((await change(client, `${path}/${random.pick(NAMES)}`)).status);
  }
  return statuses;
}

/** The files below which there is something, markers of directories too. */
async function filesWithKeysBelow(path: string): Promise<string[]> {
  const keys = (await etcd.keys(`${path}/`)).map(({ key }) => key);
  const files = keys.filter((key) => !key.includes('\0'));
  return files.filter((file) => keys.some((key) => key.startsWith(`${file}/`)));
}

describe('many writers at two gateways', () => {
  it('never leave a file below a file, nor get anything but answers of v2', async () => {
    const path = newPath();
    const random = new Random(SEED);
    const bases = [inject('gatewayUrl'), gateway.baseUrl];
    const state = { areWriting: true };
    const writing = Promise.all(
      Array.from({ length: WRITERS }, (_, writer) =>
        write(bases[writer % bases.length]!, path, random.fork(`writer ${writer}`)),
      ),
    ).finally(() => (state.areWriting = false));
    const seen: string[][] = [];
    do seen.push(await filesWithKeysBelow(path));
    while (state.areWriting);
    const statuses = (await writing).flat();
    seen.push(await filesWithKeysBelow(path));
    expect([...new Set(seen.flat())]).toEqual([]);
    expect(statuses.filter((status) => status < 300).length).toBeGreaterThan(WRITERS);
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
  });
});
