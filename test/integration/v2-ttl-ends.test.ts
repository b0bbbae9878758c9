// Nodes whose ttl expires at once or overflows: the write gets the response of a real etcd 3.4, and the lease is revoked after it.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import type { InterceptedGateway } from '../support/etcd-interceptor.js';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import { send } from '../support/http-client.js';
import { openWait } from '../support/v2-wait.js';
import { newPath, v2Client } from '../support/v2-client.js';
import type { V2Parameters } from '../support/v2-client.js';

const etcd = inject('etcdEndpoint');
/** Even on the slowest machine, a lease with etcd's minimum ttl of 2 s has expired by then. */
const EXPIRED_WITHIN = { timeout: 20_000, interval: 50 };
/** Longer than a revoke takes without the delay. */
const WRITE_DELAY_MS = 300;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const pathsOf = ({ calls }: InterceptedGateway): string[] => calls.map(({ path }) => path);

const WRITES: readonly (readonly [string, boolean, V2Parameters])[] = [
  ['a file', false, { value: 'x' }],
  ['a directory', false, { dir: true }],
  ['a file, with prevExist=false', false, { value: 'x', prevExist: false }],
  ['a file that exists, with prevExist=true', true, { value: 'x', prevExist: true }],
  ['a file that exists, with prevValue', true, { value: 'x', prevValue: 'old' }],
  ['a file that exists, with refresh', true, { refresh: true }],
];

describe('F62: a ttl of 0', () => {
  it.each(WRITES)('writes %s before its lease is revoked', async (_, exists, parameters) => {
    const path = newPath();
    const between = await spawnInterceptedGateway(etcd);
    const v2 = v2Client(between.baseUrl);
    if (exists) await v2.put(path, { value: 'old' });
    between.intercept(async ({ path: called, body }, forward) => {
      if (called === '/v3/kv/txn' && body.includes('requestPut')) await pause(WRITE_DELAY_MS);
      return forward();
    });
    const answer = await v2.put(path, { ...parameters, ttl: 0 });
    expect([answer.status, answer.json().errorCode]).toEqual([exists ? 200 : 201, undefined]);
    expect(answer.json().node).toMatchObject({ key: path, expiration: expect.any(String) });
    await expect.poll(async () => (await v2.get(path)).status, EXPIRED_WITHIN).toBe(404);
    const paths = pathsOf(between);
    expect(paths.indexOf('/v3/lease/revoke')).toBeGreaterThan(paths.indexOf('/v3/lease/grant') + 1);
  });

  it('writes a directory that exists, with prevExist=true', async () => {
    const path = newPath();
    const between = await spawnInterceptedGateway(etcd);
    const v2 = v2Client(between.baseUrl);
    await v2.put(path, { dir: true });
    between.intercept(async ({ path: called, body }, forward) => {
      if (called === '/v3/kv/txn' && body.includes('requestPut')) await pause(WRITE_DELAY_MS);
      return forward();
    });
    expect((await v2.put(path, { dir: true, ttl: 0, prevExist: true })).status).toBe(200);
    await expect.poll(async () => (await v2.get(path)).status, EXPIRED_WITHIN).toBe(404);
  });

  it('creates a file by POST', async () => {
    const answer = await v2Client(inject('gatewayUrl')).post(newPath(), { value: 'x', ttl: 0 });
    expect(answer.status).toBe(201);
  });
});

describe('F62: a write whose ttl expires before it reaches etcd', () => {
  it('succeeds if etcd is slower than the ttl', async () => {
    const path = newPath();
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path: called, body }, forward) => {
      if (called === '/v3/kv/txn' && body.includes('requestPut')) await pause(1_200);
      return forward();
    });
    expect((await v2Client(between.baseUrl).put(path, { value: 'x', ttl: 1 })).status).toBe(201);
  });

  it.each([
    [1, 201, undefined],
    [Number.POSITIVE_INFINITY, 500, 300],
  ])(
    'is repeated with another lease, three times at most (%d leases lost)',
    async (lost, status, errorCode) => {
      const path = newPath();
      const between = await spawnInterceptedGateway(etcd);
      let left = lost;
      between.intercept(async (call, forward) => {
        const lease = /"lease":"(\d+)"/.exec(call.body)?.[1];
        if (call.path === '/v3/kv/txn' && lease !== undefined && left-- > 0)
          await send(etcd, 'POST', '/v3/lease/revoke', { body: JSON.stringify({ ID: lease }) });
        return forward();
      });
      const answer = await v2Client(between.baseUrl).put(path, { value: 'x', ttl: 100 });
      expect([answer.status, answer.json().errorCode]).toEqual([status, errorCode]);
      const grants = pathsOf(between).filter((called) => called === '/v3/lease/grant');
      expect(grants).toHaveLength(Math.min(lost + 1, 3));
      if (status === 500) {
        expect(answer.json().cause).toContain('nothing was changed');
        expect((await v2Client(between.baseUrl).get(path)).status).toBe(404);
      }
    },
  );
});

describe('F62: ttls that overflow', () => {
  let native: Member;
  beforeAll(async () => {
    native = await startMember({ version: '3.4', extraArgs: ['--enable-v2'] });
  });
  afterAll(() => native.stop());

  /** Replaces what differs between stores. Seconds may pass between the two responses. */
  const common = (text: string): string =>
    text
      .replace(/Index":\d+/g, 'Index":0')
      .replace(/"index":\d+/g, '"index":0')
      .replace(/T[\d:.]+Z/g, 'T')
      .replace(/"ttl":-9223372036/g, '"ttl":MIN');

  const TTLS = [
    '0',
    '000',
    '9000000000',
    '9000000001',
    '9223372036',
    '9223372037',
    '9223372036854775807',
    '9223372036854775808',
    '18446744073709551615',
    '18446744073709551616',
    '99999999999999999999',
    `${'0'.repeat(1_000)}100`,
    '9'.repeat(10_000),
    '-1',
    '1e3',
    '0x10',
    ' 5',
  ];

  it.each(TTLS)('get the response of etcd 3.4 for files and directories: ttl=%s', async (ttl) => {
    for (const kind of [{ value: 'x' }, { dir: true }]) {
      for (const exists of [false, true]) {
        const path = newPath();
        const answers = [];
        for (const base of [native.endpoint, inject('gatewayUrl')]) {
          const v2 = v2Client(base);
          if (exists) await v2.put(path, kind);
          const answer = await v2.put(path, { ...kind, ttl, ...(exists && { prevExist: true }) });
          answers.push([answer.status, common(answer.text)]);
        }
        expect(answers[1], `${JSON.stringify(kind)}, ${exists}`).toEqual(answers[0]);
      }
    }
  });
});

describe('F63: a read that finds an expired directory', () => {
  it('states an index at which watchers have seen the expire event', async () => {
    const path = newPath();
    const between = await spawnInterceptedGateway(etcd);
    const v2 = v2Client(between.baseUrl);
    await v2.put(path, { dir: true, ttl: 1 });
    const wait = await openWait(inject('gatewayUrl'), path);
    between.intercept(async ({ path: called, body }, forward) => {
      if (called === '/v3/kv/txn' && body.includes('requestDeleteRange'))
        await pause(WRITE_DELAY_MS);
      return forward();
    });
    const index = async (): Promise<number> => {
      const { status, headers } = await v2.get(path);
      return status === 404 ? Number(headers['x-etcd-index']) : 0;
    };
    let found = 0;
    await expect.poll(async () => (found = await index()), EXPIRED_WITHIN).toBeGreaterThan(0);
    const [event] = await wait.until(1);
    expect(event.action).toBe('expire');
    expect(found).toBeGreaterThanOrEqual(event.node.modifiedIndex);
  });
});
