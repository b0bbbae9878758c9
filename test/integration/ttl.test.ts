// Keys with a time to live.
import { describe, expect, inject, it } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import type { InterceptedGateway } from '../support/etcd-interceptor.js';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import {
  call,
  codeOf,
  createLease,
  revokeLease,
  json,
  getLease,
  pointersOf,
  put,
  putValue,
  statusOf,
} from '../support/v1-calls.js';

const gateway = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');
/** A lease of 2 s has expired by then on the slowest machine. */
const EXPIRED_WITHIN = { timeout: 20_000, interval: 200 };

describe('S15: ttl', () => {
  const wrong = [
    '0',
    '-1',
    '1.5',
    '"5"',
    '9223372036854775808',
    '9000000001',
    'null',
    '[]',
    'true',
  ];

  it.each(wrong)('is 400 if it is %s, for PUT and for new leases', async (ttl) => {
    const key = newKey();
    const answers = [
      await put(key, `{"value":"x","ttl":${ttl}}`),
      await createLease(`{"ttl":${ttl}}`),
    ];
    for (const answer of answers) {
      expect(codeOf(answer)).toEqual([400, 'invalid-request']);
      expect(pointersOf(answer)).toEqual(['/ttl']);
    }
    expect(await statusOf(key)).toBe(404);
  });

  it.each(['0', '-1', '1.5', '1e3', '0x10', '%205', '9223372036854775808', '', 'null', '[]'])(
    'is 400 for the query ttl=%s',
    async (ttl) => {
      const path = `/v1/kv/${newKey()}?ttl=${ttl}`;
      const answer = await call('putKey', 'PUT', path, { headers: BYTES_TYPE, body: 'x' });
      expect(codeOf(answer)).toEqual([400, 'invalid-request']);
      expect(pointersOf(answer)).toEqual(['ttl']);
    },
  );

  it('is 400 if it is given twice, in any way', async () => {
    const twice = [
      ['?ttl=5&ttl=6', '{"value":"x"}', 'ttl'],
      ['', '{"value":"x","ttl":5,"ttl":6}', '/ttl'],
      ['?ttl=5', '{"value":"x","ttl":5}', '/ttl'],
    ] as const;
    for (const [query, body, pointer] of twice) {
      const answer = await call('putKey', 'PUT', `/v1/kv/${newKey()}${query}`, json(body));
      expect([answer.status, ...pointersOf(answer)]).toEqual([400, pointer]);
    }
    expect((await createLease('{"ttl":5,"ttl":6}')).status).toBe(400);
  });

  it('is a whole number in any JSON notation', async () => {
    const answer = await put(newKey(), '{"value":"x","ttl":1e3}');
    expect(answer.json().ttl).toBe(1000);
    await revokeLease(answer.json().lease);
  });
});

describe('a key with a ttl', () => {
  it('is attached to its own lease, whose ID and ttl are in the response, and expires with it', async () => {
    const key = newKey();
    const written = (await put(key, { value: 'x', ttl: 2 })).json();
    expect(written).toEqual({
      key,
      revision: written.revision,
      lease: expect.stringMatching(/^[0-7][0-9a-f]{15}$/),
      ttl: expect.any(Number),
    });
    expect((await send(gateway, 'GET', `/v1/kv/${key}`)).json().lease).toBe(written.lease);
    expect((await getLease(written.lease)).json()).toMatchObject({ keys: [key], keyCount: 1 });
    await expect.poll(() => statusOf(key), EXPIRED_WITHIN).toBe(404);
  });

  it('has its ttl in the query for a raw body', async () => {
    const key = newKey();
    const path = `/v1/kv/${key}?ttl=60`;
    const answer = await call('putKey', 'PUT', path, { headers: BYTES_TYPE, body: 'bytes' });
    expect(answer.json()).toMatchObject({ key, ttl: 60 });
    await revokeLease(answer.json().lease);
    expect(await statusOf(key)).toBe(404);
  });

  it('does not expire after a write without a ttl', async () => {
    const key = newKey();
    const { lease } = (await put(key, { value: 'x', ttl: 60 })).json();
    expect((await put(key, { value: 'y' })).json()).not.toHaveProperty('lease');
    await revokeLease(lease);
    expect(await statusOf(key)).toBe(200);
  });

  it.each(['/v1/kv/KEY', '/v1/kv/KEY?lease=777'])(
    'is 400 together with a lease, at %s',
    async (path) => {
      const fields = path.includes('?') ? { ttl: 5 } : { ttl: 5, lease: '777' };
      const answer = await call('putKey', 'PUT', path, json({ value: 'x', ...fields }));
      expect(codeOf(answer)).toEqual([400, 'invalid-request']);
      expect(answer.json().detail).toContain('cannot be combined');
    },
  );

  const createOnly = (key: string, base: string): Promise<Answer> => {
    const headers = { ...JSON_TYPE, 'if-none-match': '*' };
    const body = '{"value":"y","ttl":600}';
    return call('putKey', 'PUT', `/v1/kv/${key}`, { headers, body }, base);
  };
  const pathsOf = ({ calls }: InterceptedGateway): string[] => calls.map(({ path }) => path);

  it('costs etcd one read while its condition is false', async () => {
    const key = newKey();
    await putValue(key, 'x');
    const between = await spawnInterceptedGateway(etcd);
    const answer = await createOnly(key, between.baseUrl);
    expect(codeOf(answer)).toEqual([412, 'precondition-failed']);
    expect(answer.json().current.value).toBe('x');
    expect(pathsOf(between)).toEqual(['/v3/kv/txn']);
  });

  it('leaves no lease if another client was faster', async () => {
    const key = newKey();
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path }, forward) => {
      if (path === '/v3/lease/grant') await putValue(key, 'first');
      return forward();
    });
    const answer = await createOnly(key, between.baseUrl);
    expect(codeOf(answer)).toEqual([412, 'precondition-failed']);
    await expect.poll(() => pathsOf(between).at(-1)).toBe('/v3/lease/revoke');
    const granted = JSON.parse(between.calls.find(({ path }) => path.endsWith('grant'))!.body);
    expect(JSON.parse(between.calls.at(-1)!.body)).toEqual({ ID: granted.ID });
  });

  it('keeps the new value and its lease if the response to the write is lost', async () => {
    const key = newKey();
    await put(key, { value: 'old' });
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path }, forward) => {
      const answer = await forward();
      return path === '/v3/kv/put' ? undefined : answer;
    });
    const body = { value: 'new', ttl: 60 };
    const answer = await call('putKey', 'PUT', `/v1/kv/${key}`, json(body), between.baseUrl);
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect(answer.headers['retry-after']).toBeUndefined();
    const entry = (await send(gateway, 'GET', `/v1/kv/${key}`)).json();
    expect(entry.value).toBe('new');
    expect((await getLease(entry.lease)).json().ttl).toBe(60);
    expect(between.calls.map(({ path }) => path)).not.toContain('/v3/lease/revoke');
    await revokeLease(entry.lease);
  });

  it('keeps the old value if the write is lost, with the same response', async () => {
    const key = newKey();
    await put(key, { value: 'old', ttl: 60 });
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path }, forward) => (path === '/v3/kv/put' ? undefined : forward()));
    const body = { value: 'new', ttl: 60 };
    const answer = await call('putKey', 'PUT', `/v1/kv/${key}`, json(body), between.baseUrl);
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    const entry = (await send(gateway, 'GET', `/v1/kv/${key}`)).json();
    expect(entry.value).toBe('old');
    expect((await getLease(entry.lease)).json().ttl).toBe(60);
    expect(between.calls.map(({ path }) => path)).not.toContain('/v3/lease/revoke');
  });

  it('reports that nothing was written if the lease cannot be created', async () => {
    const key = newKey();
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path }, forward) =>
      path === '/v3/lease/grant' ? undefined : forward(),
    );
    const body = { value: 'new', ttl: 60 };
    const answer = await call('putKey', 'PUT', `/v1/kv/${key}`, json(body), between.baseUrl);
    expect([answer.status, answer.json().outcome]).toEqual([503, 'not-applied']);
    expect(answer.headers['retry-after']).toBe('1');
    const ids = between.calls
      .filter(({ path }) => path === '/v3/lease/grant')
      .map(({ body: sent }) => JSON.parse(sent).ID);
    expect(new Set(ids).size).toBe(ids.length);
    expect(between.calls.map(({ path }) => path)).not.toContain('/v3/kv/put');
  });
});
