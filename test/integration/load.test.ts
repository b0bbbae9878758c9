// An overloaded gateway: what it refuses first, what it continues to serve, and how it recovers.
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { openEvents } from '../support/event-stream.js';
import type { NoStream } from '../support/event-stream.js';
import { expectWaitersLimited } from '../support/waiting-clients.js';
import { startMember } from '../support/etcd.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';

const BLOCKED_LOOP = fileURLToPath(new URL('../support/blocked-loop.mjs', import.meta.url));
const FULL = [429, 'too-many-requests'];
const WAIT = { owner: 'w', ttl: 30, wait: 20 };

const etcd = inject('etcdEndpoint');

async function start(args: readonly string[], env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await spawnGateway({ args: [...args, '--log-level=warn'], env });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const told = (answer: Answer): unknown[] => [answer.status, answer.json().code];

describe('L6: a gateway whose event loop is saturated', () => {
  it('refuses new waits, holds and watches, renews, releases and reads, and takes waits again afterwards', async () => {
    const gateway = await start(['--endpoints', etcd, '--event-loop-delay=0.01'], {
      NODE_OPTIONS: `--import=${BLOCKED_LOOP}`,
    });
    const { baseUrl } = gateway;
    const locks = lockClient(baseUrl);
    const [name, other] = [newKey('lock'), newKey('lock')];
    const held = await locks.hold200(name, { owner: 'h', ttl: 60 });
    const lease = (
      await send(baseUrl, 'POST', '/v1/leases', { headers: JSON_TYPE, body: '{"ttl":60}' })
    ).json().id as string;

    process.kill(gateway.pid, 'SIGUSR2');
    await expect
      .poll(async () => (await locks.acquire(newKey('lock'), { ...WAIT, wait: 0.1 })).status, {
        timeout: 20_000,
      })
      .toBe(429);
    expect(told(await locks.acquire(other, WAIT))).toEqual(FULL);
    const hold = (await locks
      .hold(other, { owner: 'w' })
      .catch((error: unknown) => error)) as NoStream;
    expect([hold.status, JSON.parse(hold.text).code]).toEqual(FULL);
    expect(told(await send(baseUrl, 'GET', '/v1/watch?prefix=a'))).toEqual(FULL);
    const events = await openEvents(baseUrl, 'GET', '/v1/watch?prefix=a', {
      headers: { accept: 'text/event-stream' },
    });
    await events.ended;
    const raw = await send(baseUrl, 'POST', '/v3/lock/lock', {
      body: JSON.stringify({ name: btoa(other) }),
    });
    expect([raw.status, raw.json().code]).toEqual([429, 8]);

    expect((await locks.renew(name, { token: held.token })).status).toBe(200);
    expect((await send(baseUrl, 'POST', `/v1/leases/${lease}/keepalive`)).status).toBe(200);
    const rawRenewal = JSON.stringify({ ID: BigInt(`0x${lease}`).toString() });
    expect((await send(baseUrl, 'POST', '/v3/lease/keepalive', { body: rawRenewal })).status).toBe(
      200,
    );
    expect((await locks.inspect(other)).json().queueLength).toBe(0);
    expect((await locks.acquire(other, { owner: 'try' })).status).toBe(200);
    expect((await locks.releaseBy(name, `?token=${held.token}`)).status).toBe(200);

    process.kill(gateway.pid, 'SIGUSR2');
    await expect
      .poll(async () => (await locks.acquire(name, { ...WAIT, owner: 'later' })).status, {
        timeout: 20_000,
      })
      .toBe(200);
  });
});

describe('a gateway whose etcd is paused', () => {
  it('limits concurrent requests, sheds waits first and releases never, and serves all when etcd resumes', async () => {
    const member = await startMember();
    onTestFinished(() => member.stop());
    const { baseUrl } = await start([
      '--endpoints',
      member.endpoint,
      '--requests=10',
      '--request-timeout=60',
    ]);
    const locks = lockClient(baseUrl);
    const name = newKey('lock');
    const { token } = await locks.hold200(name, { owner: 'h', ttl: 600 });
    await member.kill('SIGSTOP');
    const read = (): Promise<Answer> => send(baseUrl, 'GET', `/v1/kv/${newKey()}`);
    const inProgress = async (count: number): Promise<void> => {
      const gauge = async (): Promise<string | undefined> =>
        /^latchkey_http_requests_in_progress (\d+)/m.exec(
          (await send(baseUrl, 'GET', '/metrics')).text,
        )?.[1];
      await expect.poll(gauge).toBe(String(count));
    };
    const reads = Array.from({ length: 9 }, read);
    await inProgress(9);
    expect(told(await locks.acquire(newKey('lock'), WAIT))).toEqual(FULL);
    reads.push(read());
    await inProgress(10);
    const refused = await read();
    expect(told(refused)).toEqual(FULL);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const release = locks.releaseBy(name, `?token=${token}`);
    await inProgress(11);
    expect((await send(baseUrl, 'GET', '/livez')).status).toBe(200);
    await member.kill('SIGCONT');
    expect(new Set((await Promise.all(reads)).map(({ status }) => status))).toEqual(new Set([404]));
    expect((await release).status).toBe(200);
    await inProgress(0);
  });
});

describe('one caller among others', () => {
  it('an address with excess requests gets 429 with Retry-After; another address does not', async () => {
    const { baseUrl } = await start(['--endpoints', etcd, '--caller-rate=5']);
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => (await send(baseUrl, 'GET', '/v1/locks')).status),
    );
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
    expect(statuses).toContain(429);
    expect(await statusFrom('127.0.0.2', baseUrl)).toBe(200);
  });
});

function statusFrom(localAddress: string, baseUrl: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${baseUrl}/v1/locks`, { localAddress, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject);
  });
}

/** `npm run test:long` has ten thousand come. */
const ASKING = process.env.LATCHKEY_TEST_LONG === 'true' ? 10_000 : 2_000;

describe('L3: thousands of waits with a limit of two hundred', () => {
  it('leave two hundred waiting and refuse the rest, while reads and writes continue', async () => {
    const { baseUrl } = await start(['--endpoints', etcd, '--waiters=200']);
    await expectWaitersLimited(baseUrl, { requests: ASKING, waiting: 200 });
  }, 300_000);
});
