// The internal keys of v2 directories are below `\0latchkey` in those directories. Clients of /v1 and /v2 cannot access them.
import { describe, expect, inject, it } from 'vitest';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newPath, v2Client } from '../support/v2-client.js';

const base = inject('gatewayUrl');
const v2 = v2Client(base);
const NAME = '%00latchkey';

async function newDirectory(): Promise<string> {
  const path = newPath();
  const created = await v2.put(path, { dir: true });
  expect(created.status).toBe(201);
  return path;
}

async function expectDirectory(path: string): Promise<void> {
  expect((await v2.get(path)).json()).toMatchObject({ node: { key: path, dir: true } });
}

function transact(body: object): Promise<Answer> {
  return send(base, 'POST', '/v1/txn', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('internal keys in v2 directories', () => {
  it.each([
    ['GET', ''],
    ['GET', '?recursive=true'],
    ['GET', '?wait=true'],
    ['GET', '/dir'],
    ['GET', '/ends'],
    ['PUT', '?value=x'],
    ['PUT', '/dir?value=x'],
    ['PUT', '/other?value=x&prevExist=true'],
    ['POST', '?value=x'],
    ['DELETE', '?recursive=true'],
    ['DELETE', '?dir=true'],
    ['DELETE', '/dir'],
    ['DELETE', '/dir?prevIndex=1'],
  ])('S32: reject %s of a path with the internal name (%s)', async (method, rest) => {
    const path = await newDirectory();
    const answer = await send(base, method, `/v2/keys${path}/${NAME}${rest}`);
    expect([answer.status, answer.json().errorCode]).toEqual([400, 106]);
    await expectDirectory(path);
  });

  it('S32: do not reserve names that only begin like the internal name', async () => {
    const path = await newDirectory();
    const created = await send(base, 'PUT', `/v2/keys${path}/${NAME}s?value=x`);
    expect(created.status).toBe(201);
  });

  it.each(['%00latchkey', '%00latchkey/', '%00latchkey/d', '%00latchkey/dir'])(
    'S32: cannot be deleted or listed by the prefix %s',
    async (tail) => {
      const path = await newDirectory();
      for (const method of ['DELETE', 'GET']) {
        const answer = await send(base, method, `/v1/kv?prefix=${path}/${tail}`);
        expect([answer.status, answer.json().code]).toEqual([403, 'reserved-prefix']);
      }
      await expectDirectory(path);
    },
  );

  it('S32: cannot be deleted by a range that ends among them', async () => {
    const path = await newDirectory();
    const query = `start=${path}/&end=${path}/%00latchkey/f`;
    const answer = await send(base, 'DELETE', `/v1/kv?${query}`);
    expect([answer.status, answer.json().code]).toEqual([403, 'reserved-prefix']);
    await expectDirectory(path);
  });

  it('S32: cannot be read, compared, written or deleted by a transaction', async () => {
    const path = await newDirectory();
    const key = `${path}/\0latchkey/dir`;
    for (const body of [
      { then: [{ get: { key } }] },
      { then: [{ put: { key, value: 'x' } }] },
      { then: [{ delete: { key } }] },
      { then: [{ delete: { prefix: `${path}/\0latchkey` } }] },
      { then: [{ get: { start: key, end: `${path}/z` } }] },
      { if: [{ key, exists: true }], then: [] },
    ]) {
      const answer = await transact(body);
      expect([answer.status, answer.json().code]).toEqual([403, 'reserved-prefix']);
    }
    await expectDirectory(path);
  });

  it('S32: are deleted together with the directory by its prefix', async () => {
    const path = await newDirectory();
    const answer = await send(base, 'DELETE', `/v1/kv?prefix=${path}/`);
    expect(answer.status).toBe(200);
    expect((await v2.get(path)).status).toBe(404);
  });
});

describe('the page of a v2 redirect', () => {
  it('S33: escapes its target like etcd', async () => {
    const answer = await send(base, 'GET', `/v2/keys//a?x=<script>"'&b`);
    expect([answer.status, answer.headers.location, answer.text]).toEqual([
      301,
      `/v2/keys/a?x=<script>"'&b`,
      '<a href="/v2/keys/a?x=&lt;script&gt;&#34;&#39;&amp;b">Moved Permanently</a>.\n\n',
    ]);
  });
});
