// The markers of v2 directories are keys below `\0latchkey` inside those directories: no API names them.
import { describe, expect, inject, it } from 'vitest';
import { send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { newPath, v2Client } from '../support/v2-client.js';

const base = inject('gatewayUrl');
const v2 = v2Client(base);
const NAME = '%00latchkey';

async function newDirectory(): Promise<string> {
  const path = newPath();
  const made = await v2.put(path, { dir: true });
  expect(made.status).toBe(201);
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

describe('keys of the gateway inside v2 directories', () => {
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
  ])('S32: refuses %s of a path with the internal name (%s)', async (method, rest) => {
    const path = await newDirectory();
    const answer = await send(base, method, `/v2/keys${path}/${NAME}${rest}`);
    expect([answer.status, answer.json().errorCode]).toEqual([400, 106]);
    await expectDirectory(path);
  });

  it('S32: takes names that only begin alike', async () => {
    const path = await newDirectory();
    const made = await send(base, 'PUT', `/v2/keys${path}/${NAME}s?value=x`);
    expect(made.status).toBe(201);
  });

  it.each(['%00latchkey', '%00latchkey/', '%00latchkey/d', '%00latchkey/dir'])(
    'S32: refuses to delete and to list the prefix %s',
    async (tail) => {
      const path = await newDirectory();
      for (const method of ['DELETE', 'GET']) {
        const answer = await send(base, method, `/v1/kv?prefix=${path}/${tail}`);
        expect([answer.status, answer.json().code]).toEqual([403, 'reserved-prefix']);
      }
      await expectDirectory(path);
    },
  );

  it('S32: refuses to delete a range that ends among the markers', async () => {
    const path = await newDirectory();
    const query = `start=${path}/&end=${path}/%00latchkey/f`;
    const answer = await send(base, 'DELETE', `/v1/kv?${query}`);
    expect([answer.status, answer.json().code]).toEqual([403, 'reserved-prefix']);
    await expectDirectory(path);
  });

  it('S32: refuses transactions that read, compare, write or delete a marker', async () => {
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

  it('S32: still deletes a directory with its marker by the prefix of the directory', async () => {
    const path = await newDirectory();
    const answer = await send(base, 'DELETE', `/v1/kv?prefix=${path}/`);
    expect(answer.status).toBe(200);
    expect((await v2.get(path)).status).toBe(404);
  });
});

describe('the page of a v2 redirection', () => {
  it('S33: escapes its target as etcd does', async () => {
    const answer = await send(base, 'GET', `/v2/keys//a?x=<script>"'&b`);
    expect([answer.status, answer.headers.location, answer.text]).toEqual([
      301,
      `/v2/keys/a?x=<script>"'&b`,
      '<a href="/v2/keys/a?x=&lt;script&gt;&#34;&#39;&amp;b">Moved Permanently</a>.\n\n',
    ]);
  });
});
