// Healthy endpoints stay in use whatever clients do: unfinished requests, short deadlines, unread responses, slow calls. Endpoints that
// really stop are ejected.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { spawnInterceptedGateway } from '../support/etcd-interceptor.js';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { eventually } from '../support/raw-router-server.js';
import { chunk, openConnection, request } from '../support/raw-socket.js';
import { serveTcpProxy } from '../support/tcp-proxy.js';

/** More failures in a row than eject an endpoint. */
const TIMES = 4;
const REQUEST_TIMEOUT_MS = 1_000;
const SHORT = `--request-timeout=${REQUEST_TIMEOUT_MS}ms`;
const EJECTED = 'endpoint ejected';

const etcd = inject('etcdEndpoint');

async function start(
  endpoint = etcd,
  ...more: string[]
): Promise<{ gateway: Gateway; port: number }> {
  const args = ['--endpoints', endpoint, ...more];
  const gateway = await spawnGateway({ args });
  onTestFinished(() => gateway.stop());
  return { gateway, port: Number(new URL(gateway.baseUrl).port) };
}

/** Sends the text on connections of its own; resolves when each has a response, or is closed by the client. */
function sendRaw(port: number, text: string, then?: 'end' | 'reset'): Promise<string[]> {
  return Promise.all(
    Array.from({ length: TIMES }, async () => {
      const connection = openConnection(port);
      const { socket, ended } = connection;
      onTestFinished(() => void socket.destroy());
      socket.write(text);
      await pause(100);
      if (then === undefined) return connection.until('HTTP/1.1 ');
      if (then === 'end') socket.end();
      if (then === 'reset') socket.resetAndDestroy();
      return ended;
    }),
  );
}

describe('F52: a healthy endpoint stays in use', () => {
  let gateway: Gateway;
  let port = 0;
  beforeAll(async () => {
    gateway = await spawnGateway({ args: ['--endpoints', etcd] });
    port = Number(new URL(gateway.baseUrl).port);
  });
  afterAll(() => gateway.stop());
  const head = (path: string, ...headers: string[]): string =>
    [`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');

  it.each([
    [
      'the password of a user never arrives and the client sets a short deadline',
      head('/v3/auth/authenticate', 'Grpc-Timeout: 1S', 'Content-Length: 100'),
    ],
    [
      'half a body arrives and the client sets a very short deadline',
      `${head('/v3/kv/put', 'Grpc-Timeout: 1m', 'Content-Length: 100')}{"key":`,
    ],
    [
      'half a chunked body arrives',
      head('/v3/kv/range', 'Grpc-Timeout: 1S', 'Transfer-Encoding: chunked') + chunk('{"key":'),
    ],
    [
      'a chunked body has an invalid chunk',
      `${head('/v3/kv/put', 'Transfer-Encoding: chunked')}${chunk('{')}ZZ\r\n`,
    ],
  ])('while %s', async (_, text) => {
    await sendRaw(port, text);
    expect(gateway.output()).not.toContain(EJECTED);
  });

  it.each(['end', 'reset'] as const)('while clients %s inside a body', async (how) => {
    await sendRaw(port, `${head('/v3/kv/put', 'Content-Length: 100')}{`, how);
    await pause(REQUEST_TIMEOUT_MS);
    expect(gateway.output()).not.toContain(EJECTED);
  });

  it('while clients do not read large responses', async () => {
    const { gateway: brief, port: at } = await start(etcd, '--request-timeout=3s');
    const prefix = newKey();
    const put = (i: number) =>
      send(brief.baseUrl, 'PUT', `/v1/kv/${prefix}${i}`, {
        headers: BYTES_TYPE,
        body: Buffer.alloc(1_400_000, 'x'),
      });
    for (let i = 0; i < 8; i++) expect((await put(i)).status).toBe(200);
    const range = { key: btoa(prefix), range_end: btoa(`${prefix}~`) };
    const connections = Array.from({ length: TIMES }, () => {
      const connection = openConnection(at);
      connection.socket.pause();
      connection.socket.write(request('POST /v3/kv/range', [], JSON.stringify(range)));
      return connection;
    });
    await eventually(() => /did not read the response|ended early/.test(brief.output()), 20_000);
    await pause(REQUEST_TIMEOUT_MS);
    for (const { socket } of connections) socket.destroy();
    expect(brief.output()).not.toContain(EJECTED);
  });

  it('while calls take longer than the clients wait', async () => {
    const between = await spawnInterceptedGateway(etcd);
    const slow = newKey();
    between.intercept(async ({ body }, forward) => {
      if (body.includes(btoa(slow).replace(/=+$/, ''))) await pause(5_000);
      return forward();
    });
    const path = `/v1/kv/${slow}`;
    const options = { headers: { 'request-timeout': '0.7' } };
    const answers = await Promise.all(
      Array.from({ length: TIMES }, () => send(between.baseUrl, 'GET', path, options)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 504));
    expect((await send(between.baseUrl, 'GET', '/readyz')).status).toBe(200);
    expect(between.output()).not.toContain(EJECTED);
  });
});

describe('F52: an endpoint that stops answering is ejected', () => {
  it.each([
    ['the friendly API', '/v1/kv/a', { method: 'GET', headers: { 'request-timeout': '0.7' } }],
    ['the raw API', '/v3/kv/range', { method: 'POST', body: '{"key":"YQ=="}' }],
  ])('when a call by %s gets no response', async (_, path, { method, ...options }) => {
    const between = await serveTcpProxy(etcd);
    const { gateway } = await start(between.endpoint, SHORT);
    between.dropResponses();
    expect((await send(gateway.baseUrl, method, path, options)).status).toBe(504);
    await eventually(() => gateway.output().includes(EJECTED));
    between.passResponses();
    await eventually(async () => (await send(gateway.baseUrl, 'GET', '/readyz')).status === 200);
  });
});
