// Leases as sessions.
import { describe, expect, inject, it } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
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
  statusOf,
} from '../support/v1-calls.js';

const gateway = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');
/** A lease of 2 s has expired by then on the slowest machine. */
const EXPIRED_WITHIN = { timeout: 20_000, interval: 200 };

const keepAlive = (id: string): Promise<Answer> =>
  call('keepLeaseAlive', 'POST', `/v1/leases/${id}/keepalive`);

/** One of the gateway's own leases, like that of a lock with a ttl. */
const OWN_LEASE = '4c4b000000000001';

describe('a lease', () => {
  it('is created, read, renewed and revoked', async () => {
    const made = (await createLease({ ttl: 60 })).json();
    expect(made).toEqual({ id: expect.stringMatching(/^[0-9a-f]{16}$/), ttl: 60 });
    const state = (await getLease(made.id)).json();
    expect(state).toEqual({
      id: made.id,
      ttl: 60,
      expiresIn: state.expiresIn,
      keys: [],
      keyCount: 0,
    });
    expect(state.expiresIn).toBeLessThanOrEqual(60);
    expect((await keepAlive(made.id)).json()).toEqual({ id: made.id, ttl: 60 });
    expect((await revokeLease(made.id)).json()).toEqual({ id: made.id, revoked: true });
    for (const gone of [
      await getLease(made.id),
      await keepAlive(made.id),
      await revokeLease(made.id),
    ]) {
      expect(codeOf(gone)).toEqual([404, 'lease-not-found']);
    }
  });

  it('has two keys, which are deleted when it is revoked', async () => {
    const keys = [newKey('a'), newKey('b')];
    const { id } = (await createLease({ ttl: 60 })).json();
    for (const key of keys)
      expect((await put(key, { value: 'x', lease: id })).json().lease).toBe(id);
    expect((await getLease(id)).json()).toMatchObject({ keys: keys.sort(), keyCount: 2 });
    await revokeLease(id);
    expect(await Promise.all(keys.map(statusOf))).toEqual([404, 404]);
  });

  it('has two keys, which are deleted when it expires', async () => {
    const keys = [newKey('a'), newKey('b')];
    const { id } = (await createLease({ ttl: 2 })).json();
    for (const key of keys) await put(key, { value: 'x', lease: id });
    expect(await Promise.all(keys.map(statusOf))).toEqual([200, 200]);
    await expect.poll(() => Promise.all(keys.map(statusOf)), EXPIRED_WITHIN).toEqual([404, 404]);
    await expect.poll(async () => (await keepAlive(id)).status, EXPIRED_WITHIN).toBe(404);
  });

  it('reports the ttl that etcd granted, not the requested one', async () => {
    const { id, ttl } = (await createLease({ ttl: 1 })).json();
    expect(ttl).toBeGreaterThanOrEqual(2);
    await revokeLease(id);
  });

  it('accepts an ID of the client, with or without leading zeros, and only once', async () => {
    const id = newKey().slice(5, 12).replace(/^0+/, '1');
    const made = await createLease({ ttl: 60, id: `0${id.toUpperCase()}` });
    expect(made.json().id).toBe(id.padStart(16, '0'));
    expect(codeOf(await createLease({ ttl: 60, id }))).toEqual([409, 'already-exists']);
    expect((await getLease(id.padStart(16, '0'))).status).toBe(200);
    expect((await revokeLease(id)).status).toBe(200);
  });

  it('is listed in pages, by ID', async () => {
    const made = await Promise.all(
      [1, 2, 3].map(async () => (await createLease({ ttl: 60 })).json().id),
    );
    const ids: string[] = [];
    let next: string | undefined;
    do {
      const query = `?limit=2${next === undefined ? '' : `&next=${next}`}`;
      const page = (await call('listLeases', 'GET', `/v1/leases${query}`)).json();
      expect(page.leases.length).toBeLessThanOrEqual(2);
      ids.push(...page.leases.map((lease: { id: string }) => lease.id));
      next = page.next;
    } while (next !== undefined);
    expect(ids).toEqual([...ids].sort());
    expect(ids).toEqual(expect.arrayContaining(made));
    await Promise.all(made.map((id) => revokeLease(id)));
  });

  it('lists keys that are not UTF-8 as base64url', async () => {
    const { id } = (await createLease({ ttl: 60 })).json();
    const key = Buffer.concat([Buffer.from(newKey()), Buffer.from([0xff])]).toString('base64url');
    await call('putKey', 'PUT', `/v1/kv/${key}?keyEncoding=base64url&lease=${id}`, { body: 'x' });
    expect((await getLease(id)).json()).toMatchObject({ keys: [key], keyEncoding: 'base64url' });
    const text = newKey();
    await put(text, { value: 'x', lease: id });
    expect((await getLease(id, '?keyEncoding=base64url')).json().keys).toContain(
      Buffer.from(text).toString('base64url'),
    );
    await revokeLease(id);
  });

  it('accepts any JSON type, and rejects other types, unknown fields and needless bodies', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const headers of [form, JSON_TYPE, {}]) {
      const answer = await call('createLease', 'POST', '/v1/leases', {
        headers,
        body: '{"ttl":9}',
      });
      expect(answer.status).toBe(200);
      const { id } = answer.json();
      const renew = (body: string): Promise<Answer> =>
        call('keepLeaseAlive', 'POST', `/v1/leases/${id}/keepalive`, { headers, body });
      expect((await renew('{}')).status).toBe(200);
      expect((await renew('{"ttl":9}')).status).toBe(400);
      await revokeLease(id);
    }
    const text = { headers: { 'content-type': 'text/plain' }, body: '{"ttl":9}' };
    expect(codeOf(await call('createLease', 'POST', '/v1/leases', text))).toEqual([
      415,
      'unsupported-media-type',
    ]);
    expect(pointersOf(await createLease({ ttl: 9, tll: 9 }))).toEqual(['/tll']);
    expect(pointersOf(await createLease({}))).toEqual(['/ttl']);
  });

  it('has no other methods', async () => {
    const answer = await send(gateway, 'PUT', '/v1/leases', json({ ttl: 9 }));
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
  });
});

describe('S16: lease IDs', () => {
  const noIds = ['0', '0000000000000000', '-1', '8000000000000000', 'ffffffffffffffff'];
  const malformed = ['10000000000000000', 'xyz', '0x10', '1.5', ' 1'];

  it.each([...noIds, ...malformed])('%j is 400 in every field for an ID', async (id) => {
    const value = { value: 'x', lease: id };
    const answers = [
      [await put(newKey(), value), '/lease'],
      [await createLease({ ttl: 60, id }), '/id'],
      [await getLease(encodeURIComponent(id)), 'id'],
      [await keepAlive(encodeURIComponent(id)), 'id'],
      [await revokeLease(encodeURIComponent(id)), 'id'],
      [
        await call('putKey', 'PUT', `/v1/kv/${newKey()}?lease=${encodeURIComponent(id)}`, {
          headers: BYTES_TYPE,
          body: 'x',
        }),
        'lease',
      ],
    ] as const;
    for (const [answer, pointer] of answers) {
      expect(codeOf(answer)).toEqual([400, 'invalid-request']);
      expect(pointersOf(answer)).toEqual([pointer]);
    }
  });

  it("those of the gateway's own entries are refused wherever an ID is taken, and not listed", async () => {
    const body = JSON.stringify({ ID: BigInt(`0x${OWN_LEASE}`).toString(), TTL: 60 });
    expect((await send(etcd, 'POST', '/v3/lease/grant', { body })).status).toBe(200);
    const key = newKey();
    const answers = [
      await put(key, { value: 'x', lease: OWN_LEASE }),
      await call('putKey', 'PUT', `/v1/kv/${key}?lease=${OWN_LEASE}`, { body: 'x' }),
      await createLease({ ttl: 60, id: OWN_LEASE.toUpperCase() }),
      await getLease(OWN_LEASE),
      await keepAlive(OWN_LEASE),
      await revokeLease(OWN_LEASE),
    ];
    for (const answer of answers) expect(codeOf(answer)).toEqual([403, 'permission-denied']);
    expect(await statusOf(key)).toBe(404);
    const { leases } = (await call('listLeases', 'GET', '/v1/leases')).json();
    expect(leases.filter((lease: { id: string }) => lease.id.startsWith('4c4b'))).toEqual([]);
    const alive = (await send(etcd, 'POST', '/v3/lease/timetolive', { body })).json();
    expect(Number(alive.TTL)).toBeGreaterThan(0);
    await send(etcd, 'POST', '/v3/lease/revoke', { body });
  });

  it('without a lease are 404', async () => {
    const id = '7ffffffffffffff1';
    expect(codeOf(await put(newKey(), { value: 'x', lease: id }))).toEqual([
      404,
      'lease-not-found',
    ]);
    expect(codeOf(await getLease(id))).toEqual([404, 'lease-not-found']);
  });

  it('are strings, not numbers', async () => {
    expect(pointersOf(await put(newKey(), { value: 'x', lease: 777 }))).toEqual(['/lease']);
    expect(pointersOf(await createLease({ ttl: 9, id: 777 }))).toEqual(['/id']);
  });
});

describe('a lease with lost responses', () => {
  it('is created with another ID, and the first one is revoked', async () => {
    const between = await spawnInterceptedGateway(etcd);
    let cuts = 1;
    between.intercept(async ({ path }, forward) => {
      const answer = await forward();
      return path === '/v3/lease/grant' && cuts-- > 0 ? undefined : answer;
    });
    const answer = await call(
      'createLease',
      'POST',
      '/v1/leases',
      json({ ttl: 60 }),
      between.baseUrl,
    );
    expect(answer.status).toBe(200);
    const grants = between.calls.filter(({ path }) => path === '/v3/lease/grant');
    const [first, second] = grants.map(({ body }) => JSON.parse(body).ID as string);
    expect(BigInt(second!).toString(16).padStart(16, '0')).toBe(answer.json().id);
    const revoked = (): string[] =>
      between.calls
        .filter(({ path }) => path === '/v3/lease/revoke')
        .map(({ body }) => JSON.parse(body).ID as string);
    await expect.poll(revoked).toEqual([first]);
    await revokeLease(answer.json().id);
  });

  it('is not requested twice with an ID of the client: the outcome is unknown', async () => {
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(async ({ path }, forward) => {
      const answer = await forward();
      return path === '/v3/lease/grant' ? undefined : answer;
    });
    const body = json({ ttl: 5, id: '7a7a' });
    const answer = await call('createLease', 'POST', '/v1/leases', body, between.baseUrl);
    expect([answer.status, answer.json().outcome]).toEqual([503, 'unknown']);
    expect(between.calls.filter(({ path }) => path === '/v3/lease/grant')).toHaveLength(1);
    await revokeLease('7a7a');
  });

  it('reports that nothing was revoked if the lease cannot be read', async () => {
    const { id } = (await createLease({ ttl: 60 })).json();
    const between = await spawnInterceptedGateway(etcd);
    between.intercept(() => Promise.resolve(undefined));
    const headers = { 'request-timeout': '1' };
    const path = `/v1/leases/${id}`;
    const answer = await call('deleteLease', 'DELETE', path, { headers }, between.baseUrl);
    expect([503, 504]).toContain(answer.status);
    expect(answer.json().outcome).toBe('not-applied');
    await revokeLease(id);
  });

  it('is revoked if the repeated revocation finds no lease', async () => {
    const { id } = (await createLease({ ttl: 60 })).json();
    const between = await spawnInterceptedGateway(etcd);
    let cuts = 1;
    between.intercept(async ({ path }, forward) => {
      const answer = await forward();
      return path === '/v3/lease/revoke' && cuts-- > 0 ? undefined : answer;
    });
    const answer = await call('deleteLease', 'DELETE', `/v1/leases/${id}`, {}, between.baseUrl);
    expect(answer.json()).toEqual({ id, revoked: true });
  });
});
