// Endpoints that fail in ways that only real connections can: a gateway before real members, and ways to them that the test holds in its hands.
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startMember, startWithLearner } from '../support/etcd.js';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { deadEndpoint, eventually } from '../support/raw-router-server.js';
import { serveTcpProxy } from '../support/tcp-proxy.js';

/** Of a read that meets an endpoint that hangs: an attempt has 2 s. */
const READ_LIMIT_MS = 10_000;

const PROMOTION_LIMIT_MS = 20_000;
const CALLERS = 200;
/** What the retry budget lets be sent again: a full bucket, a fifth of the calls, and what time puts in. */
const repeatsMax = (calls: number, seconds: number): number => 500 + calls / 5 + 10 * seconds;

const etcd = inject('etcdEndpoint');

async function start(...endpoints: string[]): Promise<Gateway> {
  const gateway = await spawnGateway({ args: ['--endpoints', endpoints.join(',')] });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const put = (gateway: Gateway, key: string, seconds = '1') =>
  send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, {
    headers: { ...BYTES_TYPE, 'request-timeout': seconds },
    body: 'x',
  });

const get = (gateway: Gateway, key: string) => send(gateway.baseUrl, 'GET', `/v1/kv/${key}?raw`);

/** How often etcd has been told to write this key: 0 when never. */
const writes = async (key: string): Promise<number> =>
  (await send(inject('gatewayUrl'), 'GET', `/v1/kv/${key}`)).json().version ?? 0;

/** Attempts to write that failed, at all endpoints. */
async function failedPuts({ baseUrl }: Gateway): Promise<number> {
  const { text } = await send(baseUrl, 'GET', '/metrics');
  return text
    .split('\n')
    .filter((line) => line.startsWith('latchkey_etcd_call_duration_seconds_count{'))
    .filter((line) => /"\/v3\/kv\/(put|txn)"/.test(line) && line.includes('"failed"'))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('an endpoint that refuses connections', () => {
  it('F1: fails no write: each goes to the next endpoint, once', async () => {
    const gateway = await start(await deadEndpoint(), etcd);
    const keys = Array.from({ length: 6 }, () => newKey());
    for (const key of keys) expect((await put(gateway, key)).status).toBe(200);
    expect(await Promise.all(keys.map(writes))).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe('an endpoint whose responses are lost', () => {
  it('F2: costs a read one attempt', async () => {
    const between = await serveTcpProxy(etcd);
    const both = await start(between.endpoint, etcd);
    const key = newKey();
    await put(both, key);
    between.dropResponses();
    // One of two goes to it first.
    for (let i = 0; i < 2; i++) {
      const startedAt = performance.now();
      expect((await get(both, key)).text).toBe('x');
      expect(performance.now() - startedAt).toBeLessThan(READ_LIMIT_MS);
    }
  });

  it('F17: makes the outcome of an applied write unknown', async () => {
    const between = await serveTcpProxy(etcd);
    const alone = await start(between.endpoint);
    const key = newKey();
    between.dropResponses();
    const answer = await put(alone, key);
    expect([answer.status, answer.json().outcome]).toEqual([504, 'unknown']);
    expect(await writes(key)).toBe(1);
    between.passResponses();
    await eventually(async () => (await get(alone, key)).text === 'x');
  });
});

describe('a connection that breaks', () => {
  it('F3: behind a write leaves its outcome unknown; it is sent to no other endpoint', async () => {
    const [one, other] = [await serveTcpProxy(etcd), await serveTcpProxy(etcd)];
    const gateway = await start(one.endpoint, other.endpoint);
    const key = newKey();
    const struck = [one, other].map((between) => between.failNextRequest(btoa(key), 'unanswered'));
    const answer = await put(gateway, key);
    await Promise.race(struck);
    expect([answer.status, answer.json().code, answer.json().outcome]).toEqual([
      503,
      'etcd-unavailable',
      'unknown',
    ]);
    expect(answer.headers).not.toHaveProperty('retry-after');
    expect(await writes(key)).toBe(1);
  });

  it('F4: under a request that reuses it makes a read go out again, and no write', async () => {
    const between = await serveTcpProxy(etcd);
    const gateway = await start(between.endpoint);
    const key = newKey();
    expect((await get(gateway, key)).status).toBe(404);
    const underRead = between.failNextRequest(btoa(key), 'unsent');
    expect((await get(gateway, key)).status).toBe(404);
    expect(await underRead).toEqual({ wasUsed: true });
    const underWrite = between.failNextRequest(btoa(key), 'unsent');
    const answer = await put(gateway, key);
    expect(await underWrite).toEqual({ wasUsed: true });
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect(await writes(key)).toBe(0);
  });

  it('F5: inside the response repeats a read, and leaves the outcome of a write unknown', async () => {
    const between = await serveTcpProxy(etcd);
    const gateway = await start(between.endpoint);
    const key = newKey();
    const underWrite = between.failNextRequest(btoa(key), 'cut short');
    const answer = await put(gateway, key);
    await underWrite;
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect(await writes(key)).toBe(1);
    const underRead = between.failNextRequest(btoa(key), 'cut short');
    expect((await get(gateway, key)).text).toBe('x');
    await underRead;
  });
});

describe('an endpoint of another cluster', () => {
  it('F44: never gets a request from any API', async () => {
    // The ID of a cluster comes from its token and its peers' addresses.
    const stranger = await startMember({ extraArgs: ['--initial-cluster-token=stranger'] });
    onTestFinished(() => stranger.stop());
    const gateway = await start(etcd, stranger.endpoint, etcd.replace('127.0.0.1', 'localhost'));
    const key = newKey();
    const body = JSON.stringify({ key: btoa(key), value: '' });
    for (let i = 0; i < 6; i++) {
      expect((await put(gateway, key)).status).toBe(200);
      expect((await send(gateway.baseUrl, 'POST', '/v3/kv/put', { body })).status).toBe(200);
    }
    await eventually(() => gateway.output().includes('belongs to another cluster'));
    const range = JSON.stringify({ key: btoa(key) });
    const there = await send(stranger.endpoint, 'POST', '/v3/kv/range', { body: range });
    expect(there.json().kvs).toBeUndefined();
  });
});

describe('an endpoint that is a learner', () => {
  it('F45: gets no request, is reported as a learner if it is the only endpoint, and serves after its promotion', async () => {
    const { member, learner } = await startWithLearner();
    onTestFinished(() => member.stop());
    onTestFinished(() => learner.stop());
    const gateway = await start(learner.endpoint, member.endpoint);
    const key = newKey();
    for (let i = 0; i < 6; i++) {
      expect((await put(gateway, key)).status).toBe(200);
      expect((await get(gateway, key)).text).toBe('x');
    }
    const alone = await spawnGateway({ args: ['--endpoints', learner.endpoint], until: 'live' });
    onTestFinished(() => alone.stop());
    const refused = await put(alone, key);
    expect([refused.status, refused.json().outcome]).toEqual([503, 'not-applied']);
    expect(refused.json().detail).toContain('learner');

    const etcdOf = (path: string, body: object) =>
      send(member.endpoint, 'POST', path, { body: JSON.stringify(body) });
    const list = (await etcdOf('/v3/cluster/member/list', {})).json().members;
    const { ID } = list.find(({ isLearner }: { isLearner?: boolean }) => isLearner === true);
    // Refused until it has caught up with the log.
    await eventually(
      async () => (await etcdOf('/v3/cluster/member/promote', { ID })).status === 200,
      PROMOTION_LIMIT_MS,
    );
    await eventually(async () => (await put(alone, key)).status === 200, PROMOTION_LIMIT_MS);
  });
});

describe('endpoints that are all dead', () => {
  /** Two ways to etcd that were well. */
  async function startDying(): Promise<{ gateway: Gateway; endpoints: readonly string[] }> {
    const ways = [await serveTcpProxy(etcd), await serveTcpProxy(etcd)];
    const endpoints = ways.map(({ endpoint }) => endpoint);
    const args = ['--endpoints', endpoints.join(','), '--caller-rate=100000'];
    const gateway = await spawnGateway({ args });
    onTestFinished(() => gateway.stop());
    for (const way of ways) way.close();
    // Connections that break under a write would leave its outcome unknown.
    await eventually(async () => (await get(gateway, 'none')).status === 503);
    return { gateway, endpoints };
  }

  it('F15: are reported as unavailable and not applied, within the deadline and without a retry storm', async () => {
    const { gateway } = await startDying();
    const before = await failedPuts(gateway);
    const startedAt = performance.now();
    // Creations: no two of them share a call.
    const calls = Array.from({ length: CALLERS }, () =>
      send(gateway.baseUrl, 'PUT', `/v1/kv/${newKey()}`, {
        headers: { ...BYTES_TYPE, 'if-none-match': '*' },
        body: 'x',
      }),
    );
    for (const answer of await Promise.all(calls)) {
      expect([answer.status, answer.json().outcome]).toEqual([503, 'not-applied']);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const attempts = (await failedPuts(gateway)) - before;
    expect(attempts).toBeGreaterThanOrEqual(CALLERS);
    expect(attempts).toBeLessThanOrEqual(2 * CALLERS + repeatsMax(CALLERS, seconds));
  });

  it('S22: appear in no response of any API, and neither does a stack', async () => {
    const { gateway, endpoints } = await startDying();
    const ports = endpoints.map((endpoint) => new URL(endpoint).port);
    const body = JSON.stringify({ key: btoa('a'), value: '' });
    for (const [method, path, sent] of [
      ['GET', '/v1/kv/a', {}],
      ['PUT', '/v1/kv/a', { headers: BYTES_TYPE, body: 'x' }],
      ['PUT', '/v1/locks/a', { body: '{"owner":"o"}' }],
      ['GET', '/v1/watch?prefix=a&wait=1', {}],
      ['GET', '/v1/cluster', {}],
      ['PUT', '/', { body: '{"resource":"r","user_id":"u"}' }],
      ['GET', '/v2/keys/a', {}],
      ['PUT', '/v2/keys/a?value=x', {}],
      ['POST', '/v3/kv/put', { body }],
      ['GET', '/readyz', {}],
    ] as const) {
      const answer = await send(gateway.baseUrl, method, path, sent);
      expect(answer.status, path).toBeGreaterThanOrEqual(500);
      for (const port of ports) expect(answer.text).not.toContain(port);
      expect(answer.text).not.toMatch(/ECONNREFUSED|\bat .*\.js|node_modules|\/src\/|dist\//);
    }
  });
});
