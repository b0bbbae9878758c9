// Many writers at two gateways use names that are partly below each other. Whichever write is first, a file never has keys below it.
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

/** Repeated entries are chosen more often. */
const CHANGES_OF_ALL_KINDS: readonly Change[] = [
  (client, path) => client.put(path, { value: 'x' }),
  (client, path) => client.put(path, { value: 'x' }),
  (client, path) => client.put(path, { value: 'x', prevExist: false }),
  (client, path) => client.post(path, { value: 'x' }),
  (client, path) => client.put(path, { dir: true }),
  (client, path) => client.delete(path),
  (client, path) => client.delete(path, { recursive: true }),
];

/** Sends changes one after another and returns the statuses of the responses. */
async function write(baseUrl: string, path: string, random: Random): Promise<number[]> {
  const client = v2Client(baseUrl);
  const statuses: number[] = [];
  for (let left = CHANGES; left > 0; left--) {
    const change = random.pick(CHANGES_OF_ALL_KINDS);
    statuses.push((await change(client, `${path}/${random.pick(NAMES)}`)).status);
  }
  return statuses;
}

/** Returns the files with any key below them, including markers. */
async function filesWithKeysBelow(path: string): Promise<string[]> {
  const keys = (await etcd.keys(`${path}/`)).map(({ key }) => key);
  const files = keys.filter((key) => !key.includes('\0'));
  return files.filter((file) => keys.some((key) => key.startsWith(`${file}/`)));
}

describe('many writers at two gateways', () => {
  it('never create a file below a file or get a server error', async () => {
    const path = newPath();
    const random = new Random(SEED);
    const bases = [inject('gatewayUrl'), gateway.baseUrl];
    const state = { isWriting: true };
    const writing = Promise.all(
      Array.from({ length: WRITERS }, (_, writer) =>
        write(bases[writer % bases.length]!, path, random.fork(`writer ${writer}`)),
      ),
    ).finally(() => (state.isWriting = false));
    const seen: string[][] = [];
    do seen.push(await filesWithKeysBelow(path));
    while (state.isWriting);
    const statuses = (await writing).flat();
    seen.push(await filesWithKeysBelow(path));
    expect([...new Set(seen.flat())]).toEqual([]);
    expect(statuses.filter((status) => status < 300).length).toBeGreaterThan(WRITERS);
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
  });
});
