// Methods and paths that the gateway does not have: one rule, made from the OpenAPI documents.
import { describe, expect, inject, it } from 'vitest';
import { operationsOf } from '../../src/http/contract/openapi.js';
import { loadDocument } from '../../src/http/contract/validate.js';
import { send } from '../support/http-client.js';

const base = inject('gatewayUrl');
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];
const operations = operationsOf(loadDocument('latchkey'));
const paths = [...new Set(operations.map(({ path }) => path))].map((path) =>
  path.replace('{document}', 'latchkey.yaml').replaceAll(/\{\w+\}/g, 'aa'),
);

describe('a method that a path does not have', () => {
  it.each([
    ['POST', '/v1/kv/a', 'GET, HEAD, PUT, DELETE'],
    ['POST', '/v1/kv/a/b//c', 'GET, HEAD, PUT, DELETE'],
    ['POST', '/v1/kv', 'GET, HEAD, PUT, DELETE'],
    ['GET', '/v1/txn', 'POST'],
    ['DELETE', '/v1/elections/a/proclaim', 'POST'],
    ['PUT', '/v1/cluster', 'GET, HEAD'],
    ['GET', '/v1/compaction', 'POST'],
    ['POST', '/', 'GET, HEAD, PUT, DELETE'],
    ['POST', '/livez', 'GET, HEAD'],
    ['DELETE', '/readyz', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
    ['POST', '/version', 'GET, HEAD'],
    ['PUT', '/health', 'GET, HEAD'],
    ['PUT', '/v1/watch', 'GET'],
    ['PUT', '/v1/locks/a%2Fb/hold?x=1', 'POST'],
    ['POST', '/openapi/latchkey.yaml', 'GET, HEAD'],
  ])('S37: is 405 with Allow: %s %s', async (method, path, allow) => {
    const answer = await send(base, method, path);
    expect([answer.status, answer.json().code, answer.headers.allow]).toEqual([
      405,
      'method-not-allowed',
      allow,
    ]);
    expect(answer.json().hint).toBeDefined();
  });

  it.each(['/v1/watch', '/v1/locks/a/events', '/v1/elections/a/events'])(
    'S37: is HEAD where the response of GET never ends: %s',
    async (path) => {
      const answer = await send(base, 'HEAD', path);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
    },
  );

  it.each(paths)('S37: is 405 at %s unless the document has it', async (path) => {
    const allow = (await send(base, 'OPTIONS', path)).headers.allow?.split(', ') ?? [];
    const refused = METHODS.filter((method) => !allow.includes(method));
    for (const method of refused) {
      const answer = await send(base, method, path);
      expect([method, answer.status, answer.headers.allow]).toEqual([
        method,
        405,
        allow.filter((each) => each !== 'OPTIONS').join(', '),
      ]);
    }
  });

  it.each([
    ['/v1/kv/a', 'GET, HEAD, PUT, DELETE, OPTIONS'],
    ['/v1/txn', 'POST, OPTIONS'],
    ['/', 'GET, HEAD, PUT, DELETE, OPTIONS'],
  ])('S37: is not OPTIONS, which lists the others: %s', async (path, allow) => {
    const answer = await send(base, 'OPTIONS', path);
    expect([answer.status, answer.headers.allow, answer.text]).toEqual([204, allow, '']);
  });
});

describe('a path that does not exist', () => {
  it.each([
    ['GET', '/v1/lock/x', '/v1/locks/x'],
    ['PUT', '/v1/elction/x', undefined],
    ['PUT', '/v1/election/x', '/v1/elections/x'],
    ['POST', '/v1/locks/x/keepalives', undefined],
    ['POST', '/v1/txns', '/v1/txn'],
    ['GET', '/v1/kvs', '/v1/kv'],
    ['GET', '/metric', '/metrics'],
    ['GET', '/nothing', undefined],
    ['GET', '/openapi/unknown.yaml', undefined],
    ['GET', `/${'a/'.repeat(5_000)}`, undefined],
  ])('S37: is 404 and shows the nearest: %s %s', async (method, path, nearest) => {
    const answer = await send(base, method, path);
    expect([answer.status, answer.json().code]).toEqual([404, 'not-found']);
    const { hint, detail } = answer.json();
    expect(detail.length).toBeLessThan(300);
    if (nearest !== undefined) expect(hint).toContain(`did you mean ${nearest}? `);
    if (!path.startsWith('/v1/locks')) {
      for (const api of ['/v1', '/v2', '/v3', '/docs']) expect(hint).toContain(api);
    }
  });

  it('S37: returns 404 for DELETE /v1/elections, which is not a path', async () => {
    expect((await send(base, 'DELETE', '/v1/elections')).status).toBe(404);
  });
});
