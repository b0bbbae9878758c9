// The content of /metrics and the log, and what they never contain.
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openEvents } from '../support/event-stream.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { recordUpstream } from '../support/raw-router-server.js';
import { serveTcpProxy } from '../support/tcp-proxy.js';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const SECRET = 'no-log-shows-this';

const etcd = inject('etcdEndpoint');
let gateway: Gateway;
beforeAll(async () => {
  gateway = await spawnGateway({ args: [`--endpoints=${etcd}`] });
});
afterAll(() => gateway.stop());

/** The sample of that name whose labels are these; 0 when there is none. */
async function sample(
  name: string,
  labels: Record<string, string> = {},
  { baseUrl } = gateway,
): Promise<number> {
  const answer = await send(baseUrl, 'GET', '/metrics');
  expectDocumentedResponse('getMetrics', answer);
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = answer.text
    .split('\n')
    .filter((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `))
    .find((each) => wanted.every((label) => each.includes(label)));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const served = (method: string, route: string, status: number): Promise<number> =>
  sample('latchkey_http_request_duration_seconds_count', { method, route, status: String(status) });

describe('/metrics', () => {
  it('counts requests by the template of their route, whatever the key', async () => {
    const before = await served('GET', '/v1/kv/{key}', 404);
    for (const key of ['a', 'b', 'c']) {
      await send(gateway.baseUrl, 'GET', `/v1/kv/${newKey(key)}`);
    }
    await expect.poll(() => served('GET', '/v1/kv/{key}', 404)).toBe(before + 3);
    const { text } = await send(gateway.baseUrl, 'GET', '/metrics');
    expect(text).not.toMatch(/test-|\/v1\/kv\/[a-z]/);
  });

  it('counts requests without a route under one name', async () => {
    const before = await served('GET', 'unmatched', 404);
    for (const path of ['/no/such', '/v3/no/such', '/v1/nothing']) {
      await send(gateway.baseUrl, 'GET', path);
    }
    await expect.poll(() => served('GET', 'unmatched', 404)).toBe(before + 3);
  });

  it('counts etcd calls of the raw API and of the other APIs', async () => {
    const range = { rpc: '/v3/kv/range', endpoint: etcd, result: 'answered' };
    const calls = (): Promise<number> => sample('latchkey_etcd_call_duration_seconds_count', range);
    const before = await calls();
    await send(gateway.baseUrl, 'GET', `/v1/kv/${newKey()}`);
    const body = JSON.stringify({ key: btoa(newKey()) });
    await send(gateway.baseUrl, 'POST', '/v3alpha/kv/range', { body });
    expect(await calls()).toBe(before + 2);
    await expect.poll(() => served('POST', '/v3/kv/range', 200)).toBe(1);
  });

  it('counts how often a call failed at one endpoint and was retried at another', async () => {
    const between = await serveTcpProxy(etcd);
    const torn = await spawnGateway({ args: [`--endpoints=${between.endpoint},${etcd}`] });
    onTestFinished(() => torn.stop());
    between.cut();
    // One of two calls goes to the stopped endpoint until the failure is detected.
    for (let i = 0; i < 2; i++) await send(torn.baseUrl, 'GET', `/v1/kv/${newKey()}`);
    const failed = { endpoint: between.endpoint, result: 'failed' };
    const calls = 'latchkey_etcd_call_duration_seconds_count';
    expect(await sample(calls, failed, torn)).toBeGreaterThan(0);
    expect(await sample('latchkey_etcd_failovers_total', {}, torn)).toBeGreaterThan(0);
  });

  it('counts waiters, holds and watchers while they are connected', async () => {
    const locks = lockClient(gateway.baseUrl);
    const name = newKey('lock');
    const hold = await locks.hold(name, { owner: 'holder' });
    await hold.until('acquired');
    const waiting = locks.acquire(name, { owner: 'waiter', ttl: 10, wait: 20 });
    const watch = await openEvents(gateway.baseUrl, 'GET', `/v1/watch?prefix=${name}`, {
      headers: { accept: 'text/event-stream' },
    });
    await locks.untilQueued(name, 1);
    expect(await sample('latchkey_lock_holds')).toBe(1);
    expect(await sample('latchkey_lock_waiters')).toBe(1);
    expect(await sample('latchkey_watchers')).toBe(1);
    expect(await sample('latchkey_streams')).toBe(2);
    expect(await sample('latchkey_etcd_watches')).toBeGreaterThan(0);
    watch.close();
    hold.close();
    expect((await waiting).status).toBe(200);
    const none = [0, 0, 0, 0];
    const now = (): Promise<number[]> =>
      Promise.all(
        ['lock_holds', 'lock_waiters', 'watchers', 'streams'].map((each) =>
          sample(`latchkey_${each}`),
        ),
      );
    await expect.poll(now, { timeout: 10_000 }).toEqual(none);
  });

  it('is behind the gates, and read-only', async () => {
    const foreign = await send(gateway.baseUrl, 'GET', '/metrics', {
      headers: { host: 'evil.example' },
    });
    expect(foreign.status).toBe(421);
    const post = await send(gateway.baseUrl, 'POST', '/metrics');
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

describe('the log of requests', () => {
  const linesWith = (text: string): Record<string, unknown>[] =>
    gateway
      .output()
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('has one line for each request: client, request, result and duration', async () => {
    const requestId = newKey('request').replaceAll('/', '.');
    const headers = { 'x-request-id': requestId, traceparent: TRACEPARENT };
    await send(gateway.baseUrl, 'GET', '/v1/kv/nothing?consistency=serializable', { headers });
    await expect.poll(() => linesWith(requestId)).toHaveLength(1);
    expect(linesWith(requestId)).toEqual([
      {
        code: 'key-not-found',
        level: 30,
        time: expect.any(String),
        requestId,
        traceId: TRACEPARENT.slice(3, 35),
        from: '127.0.0.1',
        method: 'GET',
        path: '/v1/kv/nothing',
        status: 404,
        ms: expect.any(Number),
      },
    ]);
  });

  it('S20: shows no value, no token and no credentials, whatever goes wrong', async () => {
    const key = newKey();
    const token = `${SECRET}-token`;
    const headers = { ...JSON_TYPE, authorization: `Bearer ${SECRET}` };
    const json = (body: object): { headers: typeof headers; body: string } => ({
      headers,
      body: JSON.stringify(body),
    });
    const to = (method: string, path: string, sent = {}): Promise<unknown> =>
      send(gateway.baseUrl, method, path, { headers, ...sent });
    await to('PUT', `/v1/kv/${key}`, json({ value: SECRET }));
    await to('PUT', `/v1/kv/${key}`, json({ value: SECRET, typo: SECRET }));
    await to('PUT', `/v1/kv/${key}`, { body: `{"value": "${SECRET}` });
    await to('POST', '/v3/kv/put', json({ key: btoa(key), value: SECRET }));
    await to('PUT', `/v1/locks/${newKey('lock')}`, json({ owner: 'o', token, metadata: SECRET }));
    await to('DELETE', `/v1/locks/nobody?token=${token}`);
    await to('GET', `/v1/kv/${key}?raw=${SECRET}`);
    await to('PUT', `/?user_id=${SECRET}`, json({ resource: 'r' }));
    const last = newKey('last');
    await to('GET', `/v1/kv/${last}`);
    await expect.poll(() => gateway.output()).toContain(last);
    expect(gateway.output()).toContain(key);
    expect(gateway.output()).not.toContain(SECRET);
    expect(gateway.output()).not.toContain(btoa(SECRET).replace(/=+$/, ''));
    const { text } = await send(gateway.baseUrl, 'GET', '/metrics');
    expect(text).not.toContain(SECRET);
  });

  it('logs which client released a lock by force, and its owner', async () => {
    const locks = lockClient(gateway.baseUrl);
    const name = newKey('lock');
    await locks.hold200(name, { owner: 'ci-7' });
    await locks.releaseBy(name, '?force=true', { headers: { 'x-request-id': 'breaker-1' } });
    await expect.poll(() => linesWith('by force')).toHaveLength(1);
    const [line] = linesWith('by force');
    expect(line).toMatchObject({
      level: 40,
      requestId: 'breaker-1',
      lock: name,
      by: 'anonymous',
      holders: ['ci-7'],
    });
  });
});

describe('a trace', () => {
  it('is sent to etcd with every call of a request, and is not generated if the request has none', async () => {
    const upstream = await recordUpstream((_req, res, body) => {
      res.setHeader('Content-Type', 'application/json').end(body === '' ? VERSION : ANSWER);
    });
    const traced = await spawnGateway({ args: ['--endpoints', upstream.endpoint], until: 'live' });
    try {
      await send(traced.baseUrl, 'GET', '/v1/kv/a', { headers: { traceparent: TRACEPARENT } });
      await send(traced.baseUrl, 'GET', '/v1/kv/b');
    } finally {
      await traced.stop();
    }
    const ranges = upstream.requests.filter(({ url }) => url === '/v3/kv/range').slice(-2);
    expect(ranges.map(({ headers }) => headers.traceparent)).toEqual([TRACEPARENT, undefined]);
    expect(ranges.map(({ headers }) => headers['grpc-metadata-traceparent'])).toEqual([
      TRACEPARENT,
      undefined,
    ]);
  });
});

/** To whatever is asked, who it is included. */
const ANSWER = '{"header":{"cluster_id":"1","revision":"1"},"version":"3.5.16","leader":"1"}';
const VERSION = '{"etcdserver":"3.5.16","etcdcluster":"3.5.0"}';
