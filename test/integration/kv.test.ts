import { randomBytes } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import type { Answer, Sent } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';

const base = inject('gatewayUrl');

/** Sends a request and checks the response against the document. */
async function call(
  operationId: string,
  method: string,
  path: string,
  sent: Sent = {},
): Promise<Answer> {
  const answer = await send(base, method, path, sent);
  expectDocumentedResponse(operationId, answer);
  return answer;
}

const put = (key: string, value: string): Promise<Answer> =>
  call('putKey', 'PUT', `/v1/kv/${encodeURIComponent(key)}`, {
    headers: JSON_TYPE,
    body: JSON.stringify({ value }),
  });
const get = (key: string, headers = {}): Promise<Answer> =>
  call('getKey', 'GET', `/v1/kv/${encodeURIComponent(key)}`, { headers });

describe('one key', () => {
  it('is read as it was written, with its revisions', async () => {
    const key = newKey();
    const written = (await put(key, 'wörld\n ')).json();
    expect(written).toEqual({ key, revision: written.revision });
    const answer = await get(key);
    expect(answer.json()).toEqual({
      key,
      value: 'wörld\n ',
      version: 1,
      createRevision: written.revision,
      modRevision: written.revision,
    });
    expect(answer.headers).toMatchObject({
      etag: `"${written.revision}"`,
      vary: 'Accept',
      'cache-control': 'no-cache',
    });
    expect(Number(answer.headers['etcd-revision'])).toBeGreaterThanOrEqual(written.revision);
  });

  it('is 404 with the revision to watch from if it does not exist', async () => {
    const answer = await get(newKey());
    expect([answer.status, answer.json().code]).toEqual([404, 'key-not-found']);
    expect(Number(answer.headers['etcd-revision'])).toBeGreaterThan(0);
  });

  it('has the headers of GET and no body for HEAD', async () => {
    const key = newKey();
    await put(key, 'four');
    const [head, full] = [await call('headKey', 'HEAD', `/v1/kv/${key}`), await get(key)];
    expect([head.status, head.headers.etag, head.text]).toEqual([200, full.headers.etag, '']);
  });

  it('is deleted once', async () => {
    const key = newKey();
    await put(key, 'x');
    const first = await call('deleteKey', 'DELETE', `/v1/kv/${key}?previous=true`);
    expect(first.json()).toMatchObject({ deleted: 1, previous: { key, value: 'x', version: 1 } });
    expect((await call('deleteKey', 'DELETE', `/v1/kv/${key}`)).status).toBe(404);
  });

  it('has values that are not text as base64, in requests and responses', async () => {
    const key = newKey();
    const bytes = Buffer.from([0, 0xff, 0xfe, 0x80]);
    const body = JSON.stringify({ value: bytes.toString('base64'), encoding: 'base64' });
    await call('putKey', 'PUT', `/v1/kv/${key}`, { headers: JSON_TYPE, body });
    expect((await get(key)).json()).toMatchObject({
      value: bytes.toString('base64'),
      encoding: 'base64',
    });
  });

  it('is read at a past revision, and is an error at a future one', async () => {
    const key = newKey();
    const first = (await put(key, 'one')).json().revision as number;
    await put(key, 'two');
    expect((await call('getKey', 'GET', `/v1/kv/${key}?revision=${first}`)).json().value).toBe(
      'one',
    );
    expect(
      (await call('getKey', 'GET', `/v1/kv/${key}?revision=${first + 1_000_000}`)).json().code,
    ).toBe('future-revision');
  });

  it('is read from any member with consistency=serializable', async () => {
    const key = newKey();
    await put(key, 'x');
    expect(
      (await call('getKey', 'GET', `/v1/kv/${key}?consistency=serializable`)).json().value,
    ).toBe('x');
  });
});

describe('raw bodies', () => {
  const bytes = randomBytes(70_000);

  it.each([
    ['another content type', BYTES_TYPE, ''],
    ['no content type', {}, ''],
    ['?raw, whatever the type', JSON_TYPE, '?raw'],
  ])('stores the bytes as they are with %s', async (_, headers, query) => {
    const key = newKey();
    await call('putKey', 'PUT', `/v1/kv/${key}${query}`, { headers, body: bytes });
    const answer = await call('getKey', 'GET', `/v1/kv/${key}?raw`);
    expect(answer.bytes.equals(bytes)).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'etcd-version': '1',
      'etcd-mod-revision': answer.headers['etcd-create-revision'],
    });
  });

  it('returns the bytes for Accept: application/octet-stream', async () => {
    const key = newKey();
    await put(key, 'plain');
    const answer = await get(key, { accept: 'application/octet-stream' });
    expect([answer.headers['content-type'], answer.text]).toEqual([
      'application/octet-stream',
      'plain',
    ]);
  });

  it.each([
    ['?raw', undefined],
    ['', 'application/octet-stream'],
    ['', 'text/plain'],
  ])(
    'S38: stores the empty value for an empty body with %j and the type %s',
    async (query, type) => {
      const key = newKey();
      const headers = type === undefined ? {} : { 'content-type': type };
      await call('putKey', 'PUT', `/v1/kv/${key}${query}`, { headers, body: '' });
      expect((await get(key)).json().value).toBe('');
    },
  );

  it.each([undefined, ''])('S38: rejects an empty body without a type: %j', async (body) => {
    const key = newKey();
    const answer = await call('putKey', 'PUT', `/v1/kv/${key}`, body === undefined ? {} : { body });
    expect([answer.status, answer.json().hint]).toEqual([
      400,
      'send {"value": "…"} as JSON, or add ?raw to store an empty value',
    ]);
    expect((await get(key)).status).toBe(404);
  });

  it.each([
    ['text/plain;charset=UTF-8', '{"value":"red"}'],
    ['text/html', ' \n{"value":"red","ttl":5}'],
    [undefined, '{"value":"red","encoding":"base64"}'],
    [undefined, '{"guard":{"lock":"a","fencingToken":1},"value":null,"lease":"1"}'],
  ])('S38: rejects an envelope with the type %s, and stores it with ?raw', async (type, body) => {
    const key = newKey();
    const headers = type === undefined ? {} : { 'content-type': type };
    const answer = await call('putKey', 'PUT', `/v1/kv/${key}`, { headers, body });
    expect([answer.status, answer.json().hint]).toEqual([
      400,
      'send it as application/json, or add ?raw to store this text as it is',
    ]);
    expect((await call('putKey', 'PUT', `/v1/kv/${key}?raw`, { headers, body })).status).toBe(200);
    expect((await get(key)).json().value).toBe(body);
  });

  it.each([
    ['text/plain', '{"ttl":5}'],
    ['text/plain', '{"value":"red","color":1}'],
    ['text/plain', '{"value":"red"'],
    ['text/plain', '["value"]'],
    ['text/plain', '{"value":"a","value":"b"}'],
    ['application/octet-stream', '{"value":"red"}'],
    [undefined, 'plain {"value":"red"}'],
  ])('S38: stores other text as it is: %s %s', async (type, body) => {
    const key = newKey();
    const headers = type === undefined ? {} : { 'content-type': type };
    expect((await call('putKey', 'PUT', `/v1/kv/${key}`, { headers, body })).status).toBe(200);
    expect((await get(key)).json().value).toBe(body);
  });

  it('S38: rejects a multipart form with 415, and stores it with ?raw', async () => {
    const key = newKey();
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n';
    const answer = await call('putKey', 'PUT', `/v1/kv/${key}`, { headers, body });
    expect([answer.status, answer.json().code]).toEqual([415, 'unsupported-media-type']);
    expect(answer.json().hint).toContain('?raw');
    expect((await call('putKey', 'PUT', `/v1/kv/${key}?raw`, { headers, body })).status).toBe(200);
    expect((await get(key)).json().value).toBe(body);
  });

  it("reads curl's form type as the JSON envelope", async () => {
    const key = newKey();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await call('putKey', 'PUT', `/v1/kv/${key}`, { headers, body: '{"value":"v"}' });
    expect((await get(key)).json().value).toBe('v');
  });

  it.each(['plain text', '[1]', '"x"', '', 'value=x', '{"value":'])(
    'rejects %j with the form type, with a hint at ?raw',
    async (body) => {
      const key = newKey();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await call('putKey', 'PUT', `/v1/kv/${key}`, { headers, body });
      expect(answer.status).toBe(400);
      expect(answer.json().hint).toContain('?raw');
      expect((await get(key)).status).toBe(404);
    },
  );

  it('returns 406 to a client that accepts neither JSON nor bytes', async () => {
    expect((await get(newKey(), { accept: 'image/png' })).json().code).toBe('not-acceptable');
  });
});

describe('conditions', () => {
  it('creates a key only if it is absent, with If-None-Match: *', async () => {
    const key = newKey();
    const sent = { headers: { ...BYTES_TYPE, 'if-none-match': '*' }, body: 'mine' };
    expect((await call('putKey', 'PUT', `/v1/kv/${key}`, sent)).status).toBe(200);
    const second = await call('putKey', 'PUT', `/v1/kv/${key}`, sent);
    expect([second.status, second.json().current.value]).toEqual([412, 'mine']);
  });

  it('creates a key once with 50 concurrent requests', async () => {
    const key = newKey();
    const sent = { headers: { ...BYTES_TYPE, 'if-none-match': '*' }, body: 'x' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => send(base, 'PUT', `/v1/kv/${key}`, sent)),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 412)).toHaveLength(49);
  });

  it('writes and deletes only over the revision of If-Match', async () => {
    const key = newKey();
    const { revision } = (await put(key, 'one')).json();
    const over = (tag: string, method: string): Promise<Answer> =>
      call(method === 'PUT' ? 'putKey' : 'deleteKey', method, `/v1/kv/${key}`, {
        headers: { ...(method === 'PUT' && BYTES_TYPE), 'if-match': tag },
        ...(method === 'PUT' && { body: 'two' }),
      });
    expect((await over(`"${revision - 1}"`, 'PUT')).json()).toMatchObject({
      status: 412,
      current: { value: 'one', modRevision: revision },
    });
    const second = await over(`"${revision}"`, 'PUT');
    expect(second.headers.etag).toBe(`"${second.json().revision}"`);
    expect((await over(`"${revision}"`, 'DELETE')).status).toBe(412);
    expect((await over('*', 'DELETE')).json().deleted).toBe(1);
    expect((await over('*', 'DELETE')).status).toBe(412);
  });

  it('returns 304 while the key is unchanged', async () => {
    const key = newKey();
    const { revision } = (await put(key, 'one')).json();
    const headers = { 'if-none-match': `"${revision}"` };
    expect((await get(key, headers)).status).toBe(304);
    await put(key, 'two');
    expect((await get(key, headers)).json().value).toBe('two');
  });

  it.each([
    ['if-match', '41'],
    ['if-match', '"abc"'],
    ['if-none-match', '"41"'],
  ])('rejects %s: %s on a write', async (name, value) => {
    const answer = await call('putKey', 'PUT', `/v1/kv/${newKey()}`, {
      headers: { [name]: value },
      body: 'x',
    });
    expect(answer.json()).toMatchObject({
      status: 400,
      errors: [{ pointer: name === 'if-match' ? 'If-Match' : 'If-None-Match' }],
    });
  });
});

describe('bad input', () => {
  it.each([
    ['/v1/kv/k?nope=1', '', 'nope'],
    ['/v1/kv/k?previous=true&previous=true', '', 'previous'],
    ['/v1/kv/k', '{"value":"x","valeu":1}', '/valeu'],
    ['/v1/kv/k', '{"value":7}', '/value'],
    ['/v1/kv/k', '{}', '/value'],
    ['/v1/kv/k', '{"value":"x","encoding":"hex"}', '/encoding'],
    ['/v1/kv/k', '{"value":"%%","encoding":"base64"}', '/value'],
  ])('PUT %s with %s names %s', async (path, body, pointer) => {
    const answer = await call('putKey', 'PUT', path, { headers: JSON_TYPE, body });
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid-request']);
    expect(answer.json().errors.map((error: { pointer: string }) => error.pointer)).toContain(
      pointer,
    );
  });

  it.each(['/v1/kv/%ff', '/v1/kv/a%2', '/v1/kv?key=%ff', '/v1/kv?key=a%2'])(
    'returns 400 with a hint at keyEncoding for %s',
    async (path) => {
      const answer = await send(base, 'GET', path);
      expect([answer.status, answer.headers['content-type']]).toEqual([
        400,
        'application/problem+json',
      ]);
      expect(answer.json().hint).toContain('keyEncoding=base64url');
    },
  );

  it.each(['/v1/kv/', '/v1/kv?key='])('returns 400 for the empty key of %s', async (path) => {
    expect((await send(base, 'GET', path)).status).toBe(400);
  });

  it('returns 413 above the body limit and above the limit of etcd', async () => {
    const [tooLarge, tooLargeForEtcd] = [
      await call('putKey', 'PUT', `/v1/kv/${newKey()}`, {
        headers: BYTES_TYPE,
        body: Buffer.alloc(5_000_000),
      }),
      await call('putKey', 'PUT', `/v1/kv/${newKey()}`, {
        headers: BYTES_TYPE,
        body: Buffer.alloc(1_600_000),
      }),
    ];
    expect([tooLarge.json().code, tooLargeForEtcd.json().code]).toEqual(['too-large', 'too-large']);
  });

  it('returns 415 for compressed bodies', async () => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    expect(
      (await call('putKey', 'PUT', `/v1/kv/${newKey()}`, { headers, body: 'x' })).json().code,
    ).toBe('unsupported-media-type');
  });

  it('returns 404 with a hint and the request ID for an unknown path', async () => {
    const answer = await send(base, 'GET', '/v1/nothing', {
      headers: { 'x-request-id': 'my-id.1' },
    });
    expect(answer.json()).toMatchObject({ code: 'not-found', requestId: 'my-id.1' });
    expect(answer.headers['x-request-id']).toBe('my-id.1');
  });

  it('replaces a request ID that could forge log lines', async () => {
    const answer = await send(base, 'GET', '/v1/nothing', { headers: { 'x-request-id': 'a b' } });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
