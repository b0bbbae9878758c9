// Members that come and go for a while under load: nothing acknowledged is lost, and the gateway finds its way by itself.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMember, startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { serveTcpProxy } from '../support/tcp-proxy.js';

const WRITERS = 4;
const FLAPS = 30;
const FLAP_MS = 1_000;
const ROUNDS = 3;
const LEASES = 5_000;
const LEASE_SECONDS = 10;
const READ_LIMIT_MS = 10_000;

async function startCluster(): Promise<Cluster> {
  const cluster = await startThreeMembers();
  onTestFinished(() => cluster.stop());
  return cluster;
}

async function start(endpoints: readonly string[]): Promise<Gateway> {
  const gateway = await spawnGateway({
    args: ['--endpoints', endpoints.join(','), '--log-level=error', '--caller-rate=100000'],
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

interface Load {
  /** Ends it; checks that every key has a value that may be there. Gives how its writes were answered. */
  stop(): Promise<Map<string, number>>;
}

/** Writers that each count up a key of their own, one after the other. */
function load(gateway: Gateway): Load {
  const answers = new Map<string, number>();
  let isOver = false;
  const writer = async (): Promise<void> => {
    const key = newKey();
    let possible = new Set<string>();
    for (let i = 0; !isOver; i++) {
      const value = String(i);
      const sent = { headers: BYTES_TYPE, body: value };
      const answer = await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, sent);
      const how = answer.status === 200 ? 'done' : String(answer.json().outcome);
      answers.set(how, (answers.get(how) ?? 0) + 1);
      if (how === 'done') possible = new Set([value]);
      else if (how === 'unknown') possible.add(value);
      else expect(how).toBe('not-applied');
    }
    const last = await untilRead(gateway, key);
    expect(possible).toContain(last.text);
  };
  const writers = Array.from({ length: WRITERS }, writer);
  return {
    async stop() {
      isOver = true;
      await Promise.all(writers);
      return answers;
    },
  };
}

async function untilRead(gateway: Gateway, key: string): Promise<Answer> {
  const deadline = performance.now() + READ_LIMIT_MS;
  for (;;) {
    const answer = await send(gateway.baseUrl, 'GET', `/v1/kv/${key}?raw`);
    if (answer.status === 200) return answer;
    if (performance.now() > deadline) throw new Error(answer.text);
    await pause(100);
  }
}

describe('three members', () => {
  it('F13: a leader that is paused for ten seconds loses no acknowledged write', async () => {
    const cluster = await startCluster();
    const gateway = await start(cluster.endpoints);
    const running = load(gateway);
    const leader = await cluster.leader();
    await leader.kill('SIGSTOP');
    await pause(10_000);
    await leader.kill('SIGCONT');
    await pause(3_000);
    const answers = await running.stop();
    console.log('F13', Object.fromEntries(answers));
    expect(answers.get('done') ?? 0).toBeGreaterThan(0);
  });

  it('F14: writes are refused quickly without a quorum, and succeed when it is back', async () => {
    const cluster = await startCluster();
    const gateway = await start(cluster.endpoints);
    const leader = await cluster.leader();
    const followers = cluster.members.filter((member) => member !== leader);
    for (const follower of followers) await follower.kill('SIGKILL');
    // Until the leader knows.
    await pause(5_000);
    const sent = { headers: BYTES_TYPE, body: 'x' };
    const answer = await send(gateway.baseUrl, 'PUT', `/v1/kv/${newKey()}`, sent);
    expect([answer.status, answer.json().outcome]).toEqual([503, 'not-applied']);
    for (const follower of followers) await follower.restart();
    await cluster.leader();
    await expect
      .poll(async () => (await send(gateway.baseUrl, 'GET', '/readyz')).status, { timeout: 30_000 })
      .toBe(200);
  });

  it('F16: reads succeed while an endpoint fails and returns each second for a minute', async () => {
    const cluster = await startCluster();
    const [first, ...others] = cluster.endpoints;
    const between = await serveTcpProxy(first!);
    const gateway = await start([between.endpoint, ...others]);
    const running = load(gateway);
    const key = newKey();
    await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: 'x' });
    for (let flap = 0; flap < FLAPS; flap++) {
      between.cut();
      const until = performance.now() + FLAP_MS;
      while (performance.now() < until) {
        expect((await send(gateway.baseUrl, 'GET', `/v1/kv/${key}`)).status).toBe(200);
      }
      between.restore();
      await pause(FLAP_MS);
    }
    console.log('F16', Object.fromEntries(await running.stop()));
  });

  it('F46: members that are restarted one after the other, three times, lose no acknowledged write', async () => {
    const cluster = await startCluster();
    const gateway = await start(cluster.endpoints);
    const running = load(gateway);
    for (let round = 0; round < ROUNDS; round++) {
      for (const member of cluster.members) {
        await member.restart();
        await cluster.leader();
      }
    }
    const answers = await running.stop();
    console.log('F46', Object.fromEntries(answers));
    expect(answers.get('done') ?? 0).toBeGreaterThan(0);
  });
});

describe('one member', () => {
  it('F49: serves requests while five thousand leases expire together', async () => {
    const member = await startMember();
    onTestFinished(() => member.stop());
    const gateway = await start([member.endpoint]);
    const prefix = newKey('');
    for (let i = 0; i < LEASES; i += 50) {
      const batch = Array.from({ length: 50 }, (_, n) =>
        send(gateway.baseUrl, 'PUT', `/v1/kv/${prefix}${i + n}`, {
          headers: JSON_TYPE,
          body: JSON.stringify({ value: 'v', ttl: LEASE_SECONDS }),
        }),
      );
      for (const answer of await Promise.all(batch)) expect(answer.status).toBe(200);
    }
    const raw = new RawEtcd(member.endpoint);
    const deadline = performance.now() + 120_000;
    let slowestMs = 0;
    while ((await raw.keys(prefix)).length > 0) {
      expect(performance.now()).toBeLessThan(deadline);
      const startedAt = performance.now();
      const answer = await send(gateway.baseUrl, 'PUT', `/v1/kv/${newKey()}`, {
        headers: BYTES_TYPE,
        body: 'x',
      });
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      expect(answer.status).toBe(200);
      await pause(20);
    }
    console.log('F49 slowest write', Math.round(slowestMs), 'ms');
    expect(slowestMs).toBeLessThan(READ_LIMIT_MS);
  });
});
