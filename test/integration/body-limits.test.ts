// What request bodies may take: bytes of one, bytes of all together, and work. Real etcd, a gateway with a small memory for bodies.
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { FORM_TYPE, newPath, v2Client } from '../support/v2-client.js';

const base = inject('gatewayUrl');
const MUCH = 300_000;
const HOLD_MS = 300;

const codeOf = (answer: Answer): unknown[] => [answer.status, answer.json().code];
const put = (path: string, body: string): Promise<Answer> =>
  send(base, 'PUT', path, { headers: JSON_TYPE, body });

describe('the limit of a value', () => {
  const chinese = '中'.repeat(270_000);

  it('L17: holds for the decoded value of a v2 form', async () => {
    const path = newPath();
    const body = `value=${encodeURIComponent(chinese)}`;
    expect(body.length).toBeGreaterThan(2_400_000);
    const answer = await send(base, 'PUT', `/v2/keys${path}`, { headers: FORM_TYPE, body });
    expect(answer.status).toBe(201);
    expect((await v2Client(base).get(path)).json().node.value).toBe(chinese);
  });

  it('L17: holds for the decoded value of JSON with escapes', async () => {
    const key = newKey();
    const body = `{"value":"${'\\u4e2d'.repeat(480_000)}"}`;
    expect(body.length).toBeGreaterThan(2_800_000);
    expect((await put(`/v1/kv/${key}`, body)).status).toBe(200);
    expect((await send(base, 'GET', `/v1/kv/${key}`)).json().value).toBe('中'.repeat(480_000));
    const small = '\\u0001'.repeat(1_500_000);
    expect((await put(`/v1/kv/${key}`, `{"value":"${small}"}`)).status).toBe(200);
  });

  it.each([
    ['bytes', BYTES_TYPE, 'a'.repeat(2_359_297)],
    ['JSON', JSON_TYPE, `{"value":"${'a'.repeat(2_359_297)}"}`],
    ['JSON with escapes', JSON_TYPE, `{"value":"${'\\n'.repeat(2_359_297)}"}`],
    ['much JSON with escapes', JSON_TYPE, `{"value":"${'\\n'.repeat(5_000_000)}"}`],
    ['base64', JSON_TYPE, `{"encoding":"base64","value":"${'AAAA'.repeat(790_000)}"}`],
  ])('L17: is stated in the hint: %s', async (_what, headers, body) => {
    const answer = await send(base, 'PUT', `/v1/kv/${newKey()}`, { headers, body });
    expect(codeOf(answer)).toEqual([413, 'too-large']);
    expect(answer.json().hint).toMatch(/--body-limit/);
  });

  it('L17: is the same for a v2 form', async () => {
    const body = `value=${'%41'.repeat(2_359_297)}`;
    const answer = await send(base, 'PUT', `/v2/keys${newPath()}`, { headers: FORM_TYPE, body });
    expect(answer.status).toBe(413);
  });
});

describe('a body with much in it', () => {
  const numbers = `[${'1,'.repeat(MUCH)}1]`;
  const fields = `{"value":"a"${Array.from({ length: MUCH }, (_, i) => `,"k${i}":1`).join('')}}`;

  it.each([
    ['PUT', '/v1/kv/l14', fields],
    ['PUT', '/v1/kv/l14', numbers],
    ['POST', '/v1/txn', `{"then":[${'{"get":{"key":"a"}},'.repeat(5_000)}{}]}`],
    ['POST', '/v1/txn', `{"then":[{"txn":{"then":[${'{},'.repeat(5_000)}{}]}}]}`],
  ])('L14: is refused at %s %s before it is validated', async (method, path, body) => {
    const answer = await send(base, method, path, { headers: JSON_TYPE, body });
    expect(codeOf(answer)).toEqual([400, 'invalid-request']);
    expect(answer.json().errors).toHaveLength(1);
    expect(answer.json().detail).toMatch(/values|comparisons and operations/);
  });

  it('L14: gets at most 20 errors in the response', async () => {
    const few = Array.from({ length: 500 }, (_, i) => `,"k${i}":1`).join('');
    const answer = await put(`/v1/kv/${newKey()}`, `{"value":"a"${few}}`);
    expect(codeOf(answer)).toEqual([400, 'invalid-request']);
    expect(answer.json().errors).toHaveLength(20);
  });

  it.each([
    ['PUT', '/v1/locks/l14', `{"owner":"a","metadata":${numbers}}`],
    ['POST', '/v1/locks/l14/hold', `{"owner":"a","metadata":${numbers}}`],
    ['POST', '/v1/locks/l14/keepalive', `{"token":${numbers}}`],
    ['PUT', '/v1/elections/l14', `{"candidate":${numbers}}`],
    ['POST', '/v1/leases', `{"ttl":${numbers}}`],
    ['POST', '/v1/leases/1/keepalive', numbers],
    ['POST', '/v1/compaction', numbers],
    ['PUT', '/', `{"resource":"l14","user_id":"${'u'.repeat(MUCH)}"}`],
  ])('L14: is larger than %s %s takes', async (method, path, body) => {
    const answer = await send(base, method, path, { headers: JSON_TYPE, body });
    expect(codeOf(answer)).toEqual([413, 'too-large']);
    expect(answer.json().hint).toMatch(/^send at most \d+ bytes/);
  });

  it('L14: is taken by a lock as long as its metadata is', async () => {
    const name = newKey();
    const metadata = '\\u0001'.repeat(600);
    const answer = await put(`/v1/locks/${name}`, `{"owner":"a","metadata":"${metadata}"}`);
    expect(answer.status).toBe(200);
  });
});

describe('the memory of all bodies', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    const args = ['--endpoints', inject('etcdEndpoint'), '--body-memory=1000000'];
    gateway = await spawnGateway({ args });
  });
  afterAll(() => gateway.stop());

  const write = (bytes: number): Promise<Answer> =>
    send(gateway.baseUrl, 'PUT', `/v1/kv/${newKey()}`, {
      headers: BYTES_TYPE,
      body: Buffer.alloc(bytes),
    });

  /** Sends a part of a body. */
  async function sendPart(line: string, type: string): Promise<Socket> {
    const { hostname, port } = new URL(gateway.baseUrl);
    const socket = createConnection(Number(port), hostname);
    await once(socket, 'connect');
    socket.on('error', () => undefined).resume();
    const headers = `Host: localhost\r\nContent-Type: ${type}\r\nContent-Length: 950000`;
    socket.write(`${line} HTTP/1.1\r\n${headers}\r\n\r\n`);
    socket.write(Buffer.alloc(900_000, 'a'));
    return socket;
  }

  /** Sends parts until the gateway has one whole. A part that another write came before is refused itself. */
  async function hold(line: string, type: string): Promise<Socket> {
    for (;;) {
      const socket = await sendPart(line, type);
      await pause(HOLD_MS);
      if ((await write(200_000)).status === 429) return socket;
      socket.destroy();
    }
  }

  it.each([
    ['PUT /v1/kv/l14', 'application/octet-stream'],
    ['POST /v1/kv/import', 'application/x-ndjson'],
    ['PUT /v2/keys/l14', 'application/x-www-form-urlencoded'],
  ])('L14: is bounded, and freed when a client disconnects: %s', async (path, type) => {
    const socket = await hold(path, type);
    const refused = await write(200_000);
    expect(codeOf(refused)).toEqual([429, 'too-many-requests']);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json().hint).toContain('--body-memory');
    expect((await write(1_000)).status).toBe(200);
    const locks = lockClient(gateway.baseUrl);
    const name = newKey();
    const { token } = await locks.hold200(name, { owner: 'a', ttl: 60 });
    expect((await locks.releaseBy(name, `?token=${token}`)).status).toBe(200);
    socket.destroy();
    await expect.poll(async () => (await write(900_000)).status, { timeout: 20_000 }).toBe(200);
  });

  it('L14: is freed with each response', async () => {
    for (let count = 0; count < 5; count++) expect((await write(900_000)).status).toBe(200);
    const refused = await write(1_100_000);
    expect(refused.status).toBe(429);
    for (let count = 0; count < 5; count++) expect((await write(900_000)).status).toBe(200);
  });
});
