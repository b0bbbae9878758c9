import { describe, expect, inject, it } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { send } from '../support/http-client.js';
import type { Answer, Sent } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';

const base = inject('gatewayUrl');
const etcd = inject('etcdEndpoint');
const OPERATIONS: Record<string, string> = {
  PUT: 'simpleLockAcquire',
  GET: 'simpleLockInspect',
  DELETE: 'simpleLockRelease',
};

async function lock(method: string, body: object | string, sent: Sent = {}): Promise<Answer> {
  const answer = await send(base, method, '/', {
    ...sent,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  expectDocumentedResponse(OPERATIONS[method]!, answer);
  return answer;
}

async function rawRange(prefix: string): Promise<{ key: string; value: string; lease?: string }[]> {
  const body = JSON.stringify({ key: btoa(prefix), range_end: btoa(`${prefix.slice(0, -1)}0`) });
  const kvs: { key: string; value: string; lease?: string }[] =
    (await send(etcd, 'POST', '/v3/kv/range', { body })).json().kvs ?? [];
  return kvs.map((kv) => ({ ...kv, key: atob(kv.key), value: atob(kv.value) }));
}

describe('the simple lock', () => {
  it('returns the bytes of the small lock manager', async () => {
    const resource = `/path/to/my/${newKey('file1')}`;
    const [user1, user2] = [
      { resource, user_id: 'user1' },
      { resource, user_id: 'user2' },
    ];
    const steps: [string, object, string][] = [
      ['GET', { resource }, '{"locked":false,"user_id":""}\n'],
      ['DELETE', user1, '{"succeeded":false}\n'],
      ['PUT', user1, '{"succeeded":true}\n'],
      ['PUT', user2, '{"succeeded":false}\n'],
      ['PUT', user1, '{"succeeded":false}\n'],
      ['GET', { resource }, '{"locked":true,"user_id":"user1"}\n'],
      ['DELETE', user2, '{"succeeded":false}\n'],
      ['DELETE', user1, '{"succeeded":true}\n'],
      ['DELETE', user1, '{"succeeded":false}\n'],
      ['GET', { resource }, '{"locked":false,"user_id":""}\n'],
      ['PUT', user2, '{"succeeded":true}\n'],
    ];
    for (const [method, body, expected] of steps) {
      const answer = await lock(method, body);
      expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
        200,
        expected,
        'application/json',
      ]);
    }
  });

  it('grants the lock to one of 100 parallel PUTs', async () => {
    const resource = newKey();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => lock('PUT', { resource, user_id: `u${i}` })),
    );
    expect(answers.filter((answer) => answer.text === '{"succeeded":true}\n')).toHaveLength(1);
    expect(answers.filter((answer) => answer.text === '{"succeeded":false}\n')).toHaveLength(99);
    await expect.poll(async () => (await rawRange(`locks/${resource}/`)).length).toBe(1);
  });

  it('writes one key of the documented layout, without a lease', async () => {
    const resource = `/a b/${newKey('100%')}`;
    await lock('PUT', { resource, user_id: 'me' });
    const encoded = resource.replaceAll('%', '%25').replaceAll('/', '%2F').replaceAll(' ', '%20');
    const [entry, ...others] = await rawRange(`locks/${encoded}/`);
    expect(others).toEqual([]);
    expect(entry!.key).toMatch(/\/[0-9a-f]{16}$/);
    expect([entry!.lease, JSON.parse(entry!.value).owner]).toEqual([undefined, 'me']);
  });

  it('leaves no lease behind', async () => {
    // Of a gateway of its own: other files hold locks on leases meanwhile.
    const between = await spawnInterceptedGateway(etcd);
    const resource = newKey();
    const ask = (method: string, user_id: string): Promise<Answer> =>
      send(between.baseUrl, method, '/', { body: JSON.stringify({ resource, user_id }) });
    await Promise.all(Array.from({ length: 20 }, (_, i) => ask('PUT', `u${i}`)));
    const { user_id: winner } = (await ask('GET', '')).json();
    await ask('DELETE', winner as string);
    const granted = between.calls
      .filter(({ path }) => path === '/v3/lease/grant')
      .map(({ body }) => (JSON.parse(body) as { ID: string }).ID);
    expect(granted.length).toBeGreaterThan(0);
    const left = async (): Promise<string[]> =>
      ((await send(etcd, 'POST', '/v3/lease/leases', { body: '{}' })).json().leases ?? [])
        .map((lease: { ID: string }) => lease.ID)
        .filter((id: string) => granted.includes(id));
    await expect.poll(left, { timeout: 10_000 }).toEqual([]);
  });

  it('ends by itself with a ttl', async () => {
    const resource = newKey();
    expect((await lock('PUT', { resource, user_id: 'u', ttl: 2 })).text).toBe(
      '{"succeeded":true}\n',
    );
    expect((await rawRange(`locks/${resource}/`))[0]!.lease).toBeDefined();
    await expect
      .poll(async () => (await lock('GET', { resource })).json().locked, {
        timeout: 20_000,
        interval: 500,
      })
      .toBe(false);
  });

  it("is excluded by another client's entry below the same name, whose owner is unknown", async () => {
    const resource = newKey();
    await send(etcd, 'POST', '/v3/kv/put', {
      body: JSON.stringify({ key: btoa(`locks/${resource}/694d73e8a9e36c23`), value: '' }),
    });
    expect((await lock('PUT', { resource, user_id: 'u' })).text).toBe('{"succeeded":false}\n');
    expect((await lock('GET', { resource })).text).toBe('{"locked":true,"user_id":""}\n');
    expect((await lock('DELETE', { resource, user_id: '' })).status).toBe(400);
  });

  it.each([
    ['PUT', { tll: 3 }, 'did you mean "ttl"?'],
    ['PUT', { expiryInSeconds: 5 }, 'use only resource, user_id, ttl'],
    ['GET', { ttl: 3 }, 'use only resource, user_id'],
    ['DELETE', { force: true }, 'use only resource, user_id'],
  ])('S39: refuses %s with the unknown field %j', async (method, extra, hint) => {
    const resource = newKey();
    const named = method === 'GET' ? { resource } : { resource, user_id: 'u' };
    const answer = await lock(method, { ...named, ...extra });
    expect([answer.status, answer.json().hint]).toEqual([400, hint]);
    expect((await lock('GET', { resource })).text).toBe('{"locked":false,"user_id":""}\n');
  });

  it('S39: ignores user_id when it inspects a lock, because old clients send the same body with every method', async () => {
    const fields = { resource: newKey(), user_id: 'u' };
    await lock('PUT', fields);
    const state = '{"locked":true,"user_id":"u"}\n';
    expect((await lock('GET', fields)).text).toBe(state);
    expect((await lock('GET', { ...fields, user_id: '' })).text).toBe(state);
    expect((await send(base, 'GET', `/?${new URLSearchParams(fields).toString()}`)).text).toBe(
      state,
    );
    const withTtl = { ...fields, ttl: 5 };
    expect((await lock('GET', withTtl)).status).toBe(400);
    expect((await lock('DELETE', withTtl)).status).toBe(400);
    expect((await lock('DELETE', fields)).text).toBe('{"succeeded":true}\n');
  });

  it.each(['ttl=5', 'tll=5', 'resource=r&user_id=u&ttl=5'])(
    'S39: refuses PUT /?%s, whose query would be ignored',
    async (query) => {
      const resource = newKey();
      const body = JSON.stringify({ resource, user_id: 'u' });
      expect((await send(base, 'PUT', `/?${query}`, { body })).status).toBe(400);
      expect((await send(base, 'PUT', `/?${query}`)).status).toBe(400);
      expect((await lock('GET', { resource })).text).toBe('{"locked":false,"user_id":""}\n');
    },
  );

  it.each(['GET', 'DELETE'])(
    'S39: refuses %s with unknown query parameters, or with fields in the body and in the query',
    async (method) => {
      const resource = newKey();
      const fields = method === 'GET' ? { resource } : { resource, user_id: 'u' };
      const query = new URLSearchParams(fields).toString();
      const body = JSON.stringify(fields);
      expect((await send(base, method, `/?${query}&usr=x`)).status).toBe(400);
      const both = await send(base, method, `/?${query}`, { body });
      expect([both.status, both.json().hint]).toEqual([400, 'pass the fields in one of the two']);
      expect((await send(base, method, `/?${query}`)).status).toBe(200);
    },
  );

  it('S40: refuses a resource in the query that was percent-encoded twice, and takes it in JSON', async () => {
    const resource = `${newKey()}%2Fb`;
    const answer = await send(base, 'GET', `/?resource=${encodeURIComponent(resource)}`);
    expect([answer.status, answer.json().detail]).toEqual([
      400,
      `this name was percent-encoded twice: ${JSON.stringify(resource)}`,
    ]);
    expect((await lock('GET', { resource })).status).toBe(200);
  });

  it('reads any content type as JSON', async () => {
    const body = JSON.stringify({ resource: newKey(), user_id: 'u' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await lock('PUT', body, { headers })).text).toBe('{"succeeded":true}\n');
  });

  it.each([
    ['GET', 'user_id=u'],
    ['DELETE', 'user_id=u'],
    ['DELETE', 'resource=r'],
    ['DELETE', 'resource=&user_id=u'],
  ])(
    'is 400 in the query form, too, when a field is missing or empty: %s /?%s',
    async (method, query) => {
      const answer = await send(base, method, `/?${query}`);
      expectDocumentedResponse(OPERATIONS[method]!, answer);
      expect([answer.status, answer.json().code]).toEqual([400, 'invalid-request']);
    },
  );

  it('takes the query form from clients that send no body', async () => {
    const resource = newKey();
    await lock('PUT', { resource, user_id: 'u' });
    expect((await send(base, 'GET', `/?resource=${resource}`)).text).toBe(
      '{"locked":true,"user_id":"u"}\n',
    );
    expect((await send(base, 'DELETE', `/?resource=${resource}&user_id=u`)).text).toBe(
      '{"succeeded":true}\n',
    );
  });

  it.each([
    ['PUT', ''],
    ['PUT', '{'],
    ['PUT', '[]'],
    ['PUT', '{"resource":"r"}'],
    ['PUT', '{"resource":"","user_id":"u"}'],
    ['PUT', '{"resource":"r","user_id":""}'],
    ['PUT', '{"resource":7,"user_id":"u"}'],
    ['PUT', '{"resource":"r","user_id":"u","ttl":0}'],
    ['PUT', '{"resource":"r","user_id":"u","ttl":1.5}'],
    ['PUT', '{"resource":"a\\u0000b","user_id":"u"}'],
    ['GET', '{}'],
    ['DELETE', '{"resource":"r"}'],
  ])('answers 400 to %s %s', async (method, body) => {
    const answer = await lock(method, body);
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid-request']);
  });

  it('returns 405 with Allow for other methods', async () => {
    const answer = await send(base, 'POST', '/', { body: '{}' });
    expect([answer.status, answer.json().code, answer.headers.allow]).toEqual([
      405,
      'method-not-allowed',
      'GET, HEAD, PUT, DELETE',
    ]);
  });

  it('sends a browser to the documentation', async () => {
    const answer = await send(base, 'GET', '/', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([answer.status, answer.headers.location]).toEqual([302, '/docs/']);
  });
});
