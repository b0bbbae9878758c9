import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { post, recordUpstream, serveRawRouter } from '../support/raw-router-server.js';
import { sendRaw, request } from '../support/raw-socket.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the raw API before a real etcd', () => {
  it.each(['/v3', '/v3beta', '/v3alpha'])('puts and reads a key through %s', async (prefix) => {
    const { url } = await serveRawRouter([inject('etcdEndpoint')]);
    const key = base64(`raw/${randomUUID()}`);
    const put = await post(`${url}${prefix}/kv/put`, JSON.stringify({ key, value: base64('bar') }));
    expect(put.status).toBe(200);
    const range = await post(`${url}${prefix}/kv/range`, JSON.stringify({ key }));
    expect(JSON.parse(range.text)).toMatchObject({ kvs: [{ key, value: base64('bar') }] });
  });

  it('returns a key at the new prefix that was put at an old one', async () => {
    const { url } = await serveRawRouter([inject('etcdEndpoint')]);
    const key = base64(`raw/${randomUUID()}`);
    await post(`${url}/v3alpha/kv/put`, JSON.stringify({ key, value: base64('x') }));
    const { text } = await post(`${url}/v3/kv/range`, JSON.stringify({ key }));
    expect(JSON.parse(text)).toMatchObject({ count: '1' });
  });

  it("hands over etcd's own errors as they are", async () => {
    const { url } = await serveRawRouter([inject('etcdEndpoint')]);
    const own = await post(`${inject('etcdEndpoint')}/v3/kv/put`, '{}');
    const passed = await post(`${url}/v3/kv/put`, '{}');
    expect(own.status).toBe(400);
    expect({ status: passed.status, text: passed.text }).toEqual({
      status: own.status,
      text: own.text,
    });
  });

  it('allows a query string', async () => {
    const { url } = await serveRawRouter([inject('etcdEndpoint')]);
    const { status } = await post(`${url}/v3/maintenance/status?pretty=1`);
    expect(status).toBe(200);
  });

  it('S8: serves pipelined requests in their order', async () => {
    const { port } = await serveRawRouter([inject('etcdEndpoint')]);
    const status =
      'POST /v3/maintenance/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n';
    const list = 'POST /v3/lease/leases HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n';
    const { body } = await sendRaw(port, `${status}\r\n{}${list}Connection: close\r\n\r\n{}`);
    expect(body.indexOf('dbSize')).toBeGreaterThan(0);
    expect(body.split('HTTP/1.1 200 OK')[1]).toContain('cluster_id');
  });
});

describe('the literal path table', () => {
  async function expectNothingSent(target: string): Promise<void> {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    const answer = await sendRaw(port, request(`POST ${target}`, [], '{}'));
    expect(answer.status).toBe(404);
    expect(upstream.connectionsMade()).toBe(0);
  }

  it.each(['http://evil.example/v3/auth/enable', 'HTTP://127.0.0.1/v3/auth/enable'])(
    'S1: lets nothing reach etcd with a host of its own: %s',
    expectNothingSent,
  );

  it.each(['//v3/auth/enable', '//evil.example/v3/auth/enable', '/v3//auth/enable'])(
    'S2: lets nothing reach etcd with two slashes: %s',
    expectNothingSent,
  );

  it.each([
    '/v3/kv/%2e%2e/auth/enable',
    '/v3/kv/.%2e/auth/enable',
    '/v3/kv/%2E%2E/auth/enable',
    '/v3/kv/../auth/enable',
    '/v3/kv/..;/auth/enable',
    '/v3/kv/..\\auth\\enable',
    '/v3/\\..\\auth/enable',
    '/v3/kv/%252e%252e/auth/enable',
    '/v3/auth%2fenable',
    '/v3%2fauth/enable',
    '/v3/auth/%65nable',
    '/v3/auth/enable/',
    '/v3/auth/enable/.',
    '/v3/auth/enable;x',
    '/v3/auth/enable#x',
    '/v3/auth/enable%00',
    '/v3/auth/enable%20',
    '/V3/auth/enable',
    '/v3/Auth/Enable',
    '/v3/./auth/enable',
    '/../v3/auth/enable',
    '/v2/../v3/auth/enable',
    '/v3beta/../v3/auth/enable',
    '/v3/v3/auth/enable',
    '/v3gamma/auth/enable',
    // Paths of etcd outside its gateway.
    '/v3/metrics',
    '/v3/../metrics',
    '/v3/../debug/pprof/',
  ])('S3: lets nothing reach etcd under another name: %s', expectNothingSent);

  it('S1: connects to no host that a target names', async () => {
    const evil = await recordUpstream();
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    await sendRaw(port, request(`POST ${evil.endpoint}/v3/kv/put`, [], '{}'));
    await sendRaw(port, request(`POST //${new URL(evil.endpoint).host}/v3/kv/put`, [], '{}'));
    await sendRaw(port, request('POST /v3/kv/put', [`X-Forwarded-Host: ${evil.endpoint}`], '{}'));
    expect(evil.connectionsMade()).toBe(0);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(['/v3/auth/enable', '/v3beta/auth/enable', '/v3alpha/auth/enable?x=/../y'])(
    'S3: sends %s upstream as /v3/auth/enable, without a query',
    async (target) => {
      const upstream = await recordUpstream();
      const { port } = await serveRawRouter([upstream.endpoint]);
      expect((await sendRaw(port, request(`POST ${target}`, [], '{}'))).status).toBe(200);
      expect(upstream.requests.map(({ url }) => url)).toEqual(['/v3/auth/enable']);
    },
  );

  it("returns an error in the format of etcd's gateway for an unknown path", async () => {
    const { url } = await serveRawRouter(['http://127.0.0.1:1']);
    const { status, headers, text } = await post(`${url}/v3/kv/nothing`);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(text)).toEqual({ error: 'Not Found', message: 'Not Found', code: 5 });
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('returns 405 with Allow for %s', async (method) => {
    const upstream = await recordUpstream();
    const { url } = await serveRawRouter([upstream.endpoint]);
    const response = await fetch(`${url}/v3/kv/range`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.json()).toMatchObject({ code: 12 });
    expect(upstream.connectionsMade()).toBe(0);
  });

  it('leaves other paths to the next handler', async () => {
    const { url } = await serveRawRouter(['http://127.0.0.1:1']);
    expect((await post(`${url}/v1/kv`)).text).toBe('not the raw API');
    expect((await post(`${url}/v30/kv/put`)).text).toBe('not the raw API');
  });
});
