// The member that the gateway talks to is killed in the middle of sequential reads and writes: every answer is right or honest.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import { BYTES_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

const ROUNDS = 1_000;
/** Rounds that begin when recovery is promised. */
const ROUNDS_AFTER = 100;
const RECOVERED_AFTER_MS = 5_000;

let cluster: Cluster;
let gateway: Gateway;
beforeAll(async () => {
  cluster = await startThreeMembers();
  gateway = await spawnGateway({
    args: ['--endpoints', cluster.endpoints.join(','), '--log-level=error'],
  });
});
afterAll(async () => {
  await gateway.stop();
  await cluster.stop();
});

interface Failure {
  readonly method: string;
  readonly answer: Answer;
  readonly startedAt: number;
}

/** Writes i, then reads it back, one after the other; gives what was acknowledged, what is unknown, and every failure. */
async function writeAndRead(
  key: string,
  kill: { at: number; how: () => Promise<void> },
): Promise<{ failures: Failure[]; killedAt: number }> {
  const failures: Failure[] = [];
  let killedAt = Infinity;
  let possible = new Set<string>();
  const round = async (value: string): Promise<void> => {
    let startedAt = performance.now();
    const sent = { headers: BYTES_TYPE, body: value };
    const written = await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, sent);
    if (written.status === 200) possible = new Set([value]);
    else {
      failures.push({ method: 'PUT', answer: written, startedAt });
      if (written.json().outcome === 'unknown') possible.add(value);
    }
    startedAt = performance.now();
    const read = await send(gateway.baseUrl, 'GET', `/v1/kv/${key}?raw`);
    if (read.status === 200) expect(possible).toContain(read.text);
    else failures.push({ method: 'GET', answer: read, startedAt });
  };
  for (let i = 0; i < ROUNDS; i++) {
    if (i === kill.at) {
      killedAt = performance.now();
      await kill.how();
    }
    await round(String(i));
  }
  const leftMs = killedAt + RECOVERED_AFTER_MS - performance.now();
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, leftMs)));
  for (let i = 0; i < ROUNDS_AFTER; i++) await round(`after ${i}`);
  return { failures, killedAt };
}

describe('2,000 sequential reads and writes', () => {
  it('F12: lose no acknowledged write and state every outcome correctly when the leader is killed', async () => {
    const leader = await cluster.leader();
    const { failures, killedAt } = await writeAndRead(newKey(), {
      at: 300,
      how: () => leader.kill('SIGKILL'),
    });
    for (const { method, answer } of failures) {
      expect([503, 504]).toContain(answer.status);
      if (method === 'PUT') expect(['unknown', 'not-applied']).toContain(answer.json().outcome);
    }
    const late = failures.filter((failure) => failure.startedAt > killedAt + RECOVERED_AFTER_MS);
    expect(late).toEqual([]);
    await leader.restart();
  });

  it("keep the simple lock's bytes after the leader was killed", async () => {
    const leader = await cluster.leader();
    await leader.kill('SIGKILL');
    await cluster.leader();
    const resource = newKey();
    const lock = async (method: string, body: object): Promise<string> =>
      (await send(gateway.baseUrl, method, '/', { body: JSON.stringify(body) })).text;
    expect(await lock('PUT', { resource, user_id: 'u' })).toBe('{"succeeded":true}\n');
    expect(await lock('GET', { resource })).toBe('{"locked":true,"user_id":"u"}\n');
    expect(await lock('DELETE', { resource, user_id: 'u' })).toBe('{"succeeded":true}\n');
    await leader.restart();
  });

  it('F18: report an unknown outcome for a write that timed out with stopped followers, and it may appear later', async () => {
    const leader = await cluster.leader();
    const followers = cluster.members.filter((member) => member !== leader);
    const alone = await spawnGateway({
      args: ['--endpoints', leader.endpoint, '--log-level=error'],
    });
    const key = newKey();
    for (const follower of followers) await follower.kill('SIGSTOP');
    const answer = await send(alone.baseUrl, 'PUT', `/v1/kv/${key}`, {
      headers: { ...BYTES_TYPE, 'request-timeout': '1' },
      body: 'x',
    });
    for (const follower of followers) await follower.kill('SIGCONT');
    expect([answer.status, answer.json().outcome]).toEqual([504, 'unknown']);
    await expect
      .poll(async () => (await send(alone.baseUrl, 'GET', `/v1/kv/${key}?raw`)).text, {
        timeout: 20_000,
      })
      .toBe('x');
    await alone.stop();
  });
});
