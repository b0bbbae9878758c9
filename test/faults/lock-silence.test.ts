// Locks over three members of which one is paused: it takes requests and does not answer them, and applies them when it goes on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newToken, pause } from '../contract/locks/target.js';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster, Member } from '../support/etcd.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import type { LockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

/** How long one operation may take while a member is paused, and how much longer on a loaded machine. */
const OPERATION_LIMIT_MS = 4_000;
const SLACK = 5;
/** Enough for each kind of request to reach the paused member before it is ejected. */
const CLIENTS = 60;

let cluster: Cluster;
let gateway: Gateway;
let client: LockClient;
beforeAll(async () => {
  cluster = await startThreeMembers();
  const args = ['--endpoints', cluster.endpoints.join(','), '--log-level=error'];
  gateway = await spawnGateway({ args: [...args, '--event-loop-delay=10'] });
  client = lockClient(gateway.baseUrl);
});
afterAll(async () => {
  await gateway.stop();
  await cluster.stop();
});

interface Done {
  readonly what: string;
  readonly answer: Answer;
  readonly tookMs: number;
}

async function timed(what: string, operation: Promise<Answer>): Promise<Done> {
  const startedAt = performance.now();
  const answer = await operation;
  return { what, answer, tookMs: performance.now() - startedAt };
}

/** Acquires, renews and releases a lock of its own. */
async function useLock(kind: number): Promise<Done[]> {
  const name = newKey();
  const body = {
    owner: 'a',
    ttl: 30,
    // Try and queue, with a token of the gateway and one of the client.
    ...(kind % 2 === 1 && { wait: 20 }),
    ...(kind % 3 !== 0 && { token: newToken() }),
  };
  const acquired = await timed(`acquire ${JSON.stringify(body)}`, client.acquire(name, body));
  if (acquired.answer.status !== 200) return [acquired];
  const held = { token: acquired.answer.json().token as string };
  const renewed = await timed('renew', client.renew(name, held));
  return [acquired, renewed, await timed('release', client.release(name, held))];
}

const PAUSED: [string, () => Promise<Member>][] = [
  ['the leader', () => cluster.leader()],
  [
    'a follower',
    async () => {
      const leader = await cluster.leader();
      return cluster.members.find((member) => member !== leader)!;
    },
  ],
];

describe('F56: a member that is paused', () => {
  it.each(PAUSED)('costs no client its lock when it is %s', async (_, memberOf) => {
    const member = await memberOf();
    await member.kill('SIGSTOP');
    let all: Done[];
    try {
      // Every operation ends while the member is still paused.
      all = (await Promise.all(Array.from({ length: CLIENTS }, (_each, i) => useLock(i)))).flat();
    } finally {
      await member.kill('SIGCONT');
    }
    const failed = all.filter(({ answer }) => answer.status !== 200);
    const slowest = all.reduce((a, b) => (a.tookMs > b.tookMs ? a : b));
    const failures = `${failed.length} of ${all.length} failed: ${failed.map(({ answer }) => answer.text).join()}`;
    expect(failed.length, failures).toBeLessThanOrEqual(all.length / 100);
    expect(slowest.tookMs, slowest.what).toBeLessThan(OPERATION_LIMIT_MS * SLACK);
    // Whatever the member applies late leaves no entry.
    await pause(2_000);
    const etcd = new RawEtcd((await cluster.leader()).endpoint);
    expect(await etcd.keys('locks/')).toEqual([]);
  });
});
