// What clients send over one connection, and what is left when they disconnect: requests behind one another, and bytes that are no request.
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { lockClient } from '../support/lock-client.js';
import { newKey } from '../support/new-key.js';
import { recordUpstream } from '../support/raw-router-server.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { sendRaw, openConnection, request } from '../support/raw-socket.js';

const etcd = inject('etcdEndpoint');
const QUIET_LIMIT = { timeout: 20_000, interval: 100 };
let gateway: Gateway;
let port: number;
beforeAll(async () => {
  gateway = await spawnGateway({ args: ['--endpoints', etcd, '--caller-rate=100000'] });
  port = portOf(gateway);
});
afterAll(() => gateway.stop());

const portOf = ({ baseUrl }: Gateway): number => Number(new URL(baseUrl).port);
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

async function metric({ baseUrl }: Gateway, name: string): Promise<number> {
  const { text } = await send(baseUrl, 'GET', '/metrics');
  return Number(new RegExp(`^latchkey_${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

describe('L11: pipelined requests', () => {
  it('leave nothing in progress when their connections close', async () => {
    const connections = Array.from({ length: 8 }, () => openConnection(port));
    const first = '{"name":"root","password":"wrong"}';
    const login =
      'POST /v3/auth/authenticate HTTP/1.1\r\nHost: localhost\r\n' +
      `Content-Length: ${first.length}\r\n\r\n${first}`;
    const wait = get(`/v1/watch?wait=300&prefix=${newKey()}`);
    for (const [index, { socket }] of connections.entries()) {
      socket.write((index % 2 === 0 ? login : wait) + get('/version').repeat(1_200));
    }
    await expect.poll(() => metric(gateway, 'watchers'), QUIET_LIMIT).toBeGreaterThan(0);
    for (const { socket } of connections) socket.destroy();
    for (const name of ['http_requests_in_progress', 'streams', 'watchers']) {
      await expect.poll(() => metric(gateway, name), QUIET_LIMIT).toBe(0);
    }
  });

  it('hold no lock and no place in a queue for a connection that has closed', async () => {
    const locks = lockClient(gateway.baseUrl);
    const [held, queued] = [newKey('lock'), newKey('lock')];
    await locks.hold200(queued, { owner: 'h', ttl: 600 });
    const body = (owner: string): string => JSON.stringify({ owner, ttl: 5, wait: 60 });
    const hold = (lock: string): string =>
      `POST /v1/locks/${lock}/hold HTTP/1.1\r\nHost: localhost\r\n` +
      `Content-Length: ${body('ghost').length}\r\n\r\n${body('ghost')}`;
    const connections = [held, queued].map((lock) => {
      const connection = openConnection(port);
      connection.socket.write(get(`/v1/watch?wait=300&prefix=${newKey()}`) + hold(lock));
      return connection;
    });
    await expect.poll(() => metric(gateway, 'watchers'), QUIET_LIMIT).toBe(2);
    for (const { socket } of connections) socket.destroy();
    await expect.poll(() => metric(gateway, 'watchers'), QUIET_LIMIT).toBe(0);
    const isLocked = async (): Promise<boolean> => (await locks.inspect(held)).json().locked;
    await expect.poll(isLocked, QUIET_LIMIT).toBe(false);
    const waiters = async (): Promise<number> =>
      (await locks.inspect(queued)).json().waiters.length;
    await expect.poll(waiters, QUIET_LIMIT).toBe(0);
  });

  it('for large values that the client does not read leave the process in memory that it has', async () => {
    const small = await spawnGateway({
      args: ['--endpoints', etcd],
      env: { NODE_OPTIONS: '--max-old-space-size=256' },
    });
    onTestFinished(() => small.stop());
    const key = newKey();
    const body = Buffer.alloc(1_400_000, 'x');
    await send(small.baseUrl, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body });
    const socket = connect(portOf(small), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(get(`/v1/kv/${key}`).repeat(700));
    await expect.poll(() => metric(small, 'http_requests_in_progress'), QUIET_LIMIT).toBe(1);
    // Time in which all of them would be read from etcd.
    await pause(3_000);
    expect((await send(small.baseUrl, 'GET', `/v1/kv/${newKey()}`)).status).toBe(404);
    expect(await metric(small, 'http_requests_in_progress')).toBe(1);
    socket.destroy();
    await expect.poll(() => metric(small, 'http_requests_in_progress'), QUIET_LIMIT).toBe(0);
  });

  it('are all answered in order when the client reads', async () => {
    const connection = openConnection(port);
    const keys = Array.from({ length: 500 }, (_, i) => `${newKey()}-${i}-`);
    connection.socket.write(
      keys.map((key) => get(`/v1/kv/${key}`)).join('') + request('GET /livez'),
    );
    const text = await connection.ended;
    expect(text.match(/HTTP\/1\.1 404/g)).toHaveLength(500);
    const places = keys.map((key) => text.indexOf(key));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places[0]).toBeGreaterThan(0);
  });
});

describe('S35: a write whose body has no length or a wrong one', () => {
  it('is answered with what it did: DELETE with a body that node:http leaves unframed', async () => {
    const key = newKey();
    await send(gateway.baseUrl, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: 'x' });
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest({
        port,
        host: '127.0.0.1',
        method: 'DELETE',
        path: `/v1/kv/${key}`,
      });
      sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      sent.write('{"reason":"old"}');
      sent.end();
    });
    expect(status).toBe(200);
    expect((await send(gateway.baseUrl, 'GET', `/v1/kv/${key}`)).status).toBe(404);
  });

  it('is answered with what it did: Content-Length in characters', async () => {
    const key = newKey();
    const text = 'größer';
    const answer = await sendRaw(
      port,
      `PUT /v1/kv/${key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    const read = await send(gateway.baseUrl, 'GET', `/v1/kv/${key}?raw`);
    expect(read.bytes).toEqual(Buffer.from(text).subarray(0, text.length));
  });
});

describe('S42: a request line that the parser refuses', () => {
  it.each(['PUT /v2/keys/\xc3\xbc?value=x', 'GET /v2/keys/a\x80', '\r\nGET /v2/keys/a\x80'])(
    'gets an error of v2 at %j',
    async (line) => {
      const answer = await sendRaw(port, Buffer.from(request(line), 'latin1'));
      expect(answer.headers['content-type']).toBe('application/json');
      expect([answer.status, JSON.parse(answer.body)]).toEqual([
        400,
        {
          errorCode: 500,
          message: 'Client Internal Error',
          cause: expect.stringContaining('not valid HTTP/1.1'),
          index: 0,
        },
      ]);
    },
  );

  it.each(['PUT /v2/members/\xff', 'GET http://localhost/v2/stats/\xff'])(
    'gets a message at the other paths of v2: %s',
    async (line) => {
      const answer = await sendRaw(port, Buffer.from(request(line), 'latin1'));
      expect(answer.headers['content-type']).toBe('application/json');
      const message = 'the request is not valid HTTP/1.1';
      expect([answer.status, JSON.parse(answer.body)]).toEqual([400, { message }]);
    },
  );

  it('gets an error of the JSON gateway at /v3', async () => {
    const answer = await sendRaw(
      port,
      Buffer.from(request('POST /v3/kv/range\xff', [], '{}'), 'latin1'),
    );
    const message = 'the request is not valid HTTP/1.1';
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      { error: message, message, code: 3 },
    ]);
  });

  it('gets a problem elsewhere', async () => {
    const answer = await sendRaw(port, Buffer.from(request('GET /v1/kv/\xff'), 'latin1'));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'invalid-request']);
  });
});

describe('S43: an absolute-form target', () => {
  const target = (path: string): string => `http://127.0.0.1:${port}${path}`;

  it('is served as its path, at every API', async () => {
    const key = newKey();
    const put = await sendRaw(port, request(`PUT ${target(`/v2/keys/${key}?value=x`)}`));
    expect([put.status, JSON.parse(put.body).node.value]).toEqual([201, 'x']);
    const read = await sendRaw(port, request(`GET ${target(`/v1/kv?key=%2F${key}`)}`));
    expect([read.status, JSON.parse(read.body).value]).toEqual([200, 'x']);
    const body = JSON.stringify({ key: btoa(`/${key}`) });
    const raw = await sendRaw(port, request(`POST ${target('/v3/kv/range')}`, [], body));
    expect([raw.status, JSON.parse(raw.body).count]).toEqual([200, '1']);
    expect((await sendRaw(port, request(`GET HTTP://localhost/livez`))).status).toBe(200);
    expect((await sendRaw(port, request(`GET http://localhost?resource=${key}`))).status).toBe(200);
  });

  it('replaces the Host: its authority is checked, and the Host is not', async () => {
    const good = request(`GET ${target('/version')}`).replace('localhost', 'evil.example');
    expect((await sendRaw(port, good)).status).toBe(200);
    for (const line of [
      'GET http://evil.example/v2/keys/a',
      'POST http://evil.example/v3/kv/range',
    ])
      expect([line, (await sendRaw(port, request(line))).status]).toEqual([line, 421]);
    const double = request(`GET ${target('/version')}`, ['Host: localhost']);
    expect((await sendRaw(port, double)).status).toBe(400);
  });

  it('S1: leads to no connection to the host that it names', async () => {
    const other = await recordUpstream();
    const key = newKey();
    const line = `PUT ${other.endpoint}/v2/keys/${key}?value=x`;
    expect((await sendRaw(port, request(line))).status).toBe(201);
    expect(
      (await sendRaw(port, request(`POST ${other.endpoint}/v3/kv/range`, [], '{}'))).status,
    ).toBe(400);
    expect(other.connectionsMade()).toBe(0);
    expect((await send(gateway.baseUrl, 'GET', `/v2/keys/${key}`)).status).toBe(200);
  });

  it.each([
    ['https://localhost/v1/kv/a', 'the request target has a different scheme than this server'],
    ['http://user@localhost/v1/kv/a', 'the request target contains user information'],
    ['ftp://localhost/v1/kv/a', 'the request target does not begin with a slash'],
  ])('is refused where it is %s', async (url, detail) => {
    const refused = await sendRaw(port, request(`GET ${url}`));
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid-request', detail }),
    ]);
  });

  it.each(['https://localhost', 'http://user@localhost', 'ftp://localhost'])(
    'S36: is refused in the format of the API that it names: %s',
    async (authority) => {
      const bodyAt = async (path: string): Promise<unknown> => {
        const refused = await sendRaw(port, request(`GET ${authority}${path}`));
        expect([refused.status, refused.headers['content-type']]).toEqual([
          400,
          'application/json',
        ]);
        return JSON.parse(refused.body);
      };
      const message = expect.stringContaining('the request target');
      expect(await bodyAt('/v2/keys/a')).toMatchObject({ errorCode: 500, cause: message });
      expect(await bodyAt('/v2/members')).toEqual({ message });
      expect(await bodyAt('/v3/kv/range')).toEqual({ error: message, message, code: 3 });
    },
  );
});
