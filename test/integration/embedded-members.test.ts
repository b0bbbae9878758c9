// The members that tests run against, and the embedded etcd under them, as a test sees them.
import { afterEach, describe, expect, it } from 'vitest';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import { isGone } from '../support/processes.js';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function put(endpoint: string, key: string): Promise<number> {
  const body = JSON.stringify({ key: Buffer.from(key).toString('base64'), value: 'dg==' });
  return (await fetch(`${endpoint}/v3/kv/put`, { method: 'POST', body })).status;
}

describe('three members', () => {
  it('elect another leader when the leader is killed, and take it back when it starts again', async () => {
    cluster = await startThreeMembers();
    const first = await cluster.leader();
    const pid = first.pid;
    await first.kill('SIGKILL');
    expect(await isGone(pid)).toBe(true);
    const second = await cluster.leader();
    expect(second.name).not.toBe(first.name);
    expect(await put(second.endpoint, 'a')).toBe(200);
    await first.restart();
    expect(first.pid).not.toBe(pid);
    expect(await put(first.endpoint, 'b')).toBe(200);
  });
});
