// The node server under Express: who is cut off, when, and what he is told.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import express from 'express';
import { onTestFinished, describe, expect, it } from 'vitest';
import { createServer, drainServer } from '../../../../src/http/server/server.js';
import type { ServerOptions } from '../../../../src/http/server/server.js';
import { sendRaw, openConnection, request } from '../../../support/raw-socket.js';

const QUICK = { headersMs: 1_000, keepAliveMs: 1_000, stalledMs: 1_000, checkMs: 100 };
const FOLLOWED_MS = 15_000;
const LARGE = Buffer.alloc(64 * 1024 * 1024, 'x');

async function serve(
  options: Partial<ServerOptions> = {},
): Promise<{ server: Server; port: number }> {
  const app = express();
  app.get('/', (_req, res) => void res.end('served'));
  app.get('/large', (_req, res) => void res.end(LARGE));
  app.get(
    '/later',
    (_req, res) => void setTimeout(() => res.end('at last'), 2.5 * QUICK.stalledMs),
  );
  const server = createServer(app, { connectionsMax: 1_000, ...options });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** Resolves when the server has closed it; rejects when it does not. Reads only with `reads`. */
function closed(socket: Socket, reads = true): Promise<void> {
  if (reads) socket.resume();
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error('the connection stays open')), FOLLOWED_MS);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(limit);
      resolve();
    });
  });
}

describe('the server', () => {
  it('L1: closes two hundred connections that send nothing, and as many that send headers for ever, while it serves others', async () => {
    const { port } = await serve({ timeouts: QUICK });
    const silent = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'));
    const slow = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'));
    for (const socket of slow) socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    const drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('x');
    }, 50);
    const ends = Promise.all([...silent, ...slow].map((socket) => closed(socket)));
    expect((await sendRaw(port, request('GET /'))).body).toBe('served');
    await ends;
    clearInterval(drip);
    expect((await sendRaw(port, request('GET /'))).body).toBe('served');
  });

  it('L1: closes two hundred connections that stay idle after their answer', async () => {
    const { port } = await serve({ timeouts: QUICK });
    const idle = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'));
    for (const socket of idle) socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all(idle.map((socket) => closed(socket)));
  });

  it('L1: closes a connection whose reader takes no byte of a whole answer', async () => {
    const { server, port } = await serve({ timeouts: QUICK });
    const reader = connect(port, '127.0.0.1');
    const gone = new Promise<void>((resolve) => {
      server.once('connection', (socket) => socket.once('close', resolve));
    });
    reader.on('error', () => undefined);
    onTestFinished(() => void reader.destroy());
    reader.pause();
    reader.write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await gone;
  });

  it('leaves a connection open that waits for its answer, however long', async () => {
    const { port } = await serve({ timeouts: QUICK });
    expect((await sendRaw(port, request('GET /later'))).body).toBe('at last');
  });

  it('closes a connection that is one too many, tells it, and takes the next when one has ended', async () => {
    let dropped = 0;
    const { port } = await serve({ connectionsMax: 1, onDropped: () => dropped++ });
    const first = openConnection(port);
    first.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await first.until('served');
    await closed(connect(port, '127.0.0.1'));
    expect(dropped).toBe(1);
    first.socket.end();
    await first.ended;
    await expect.poll(async () => (await sendRaw(port, request('GET /'))).body).toBe('served');
  });

  it('answers what its parser refuses with a problem, and closes', async () => {
    const { port } = await serve();
    const garbage = await sendRaw(port, 'NONSENSE\r\n\r\n');
    expect([garbage.status, JSON.parse(garbage.body).code]).toEqual([400, 'invalid-request']);
    const large = await sendRaw(port, request('GET /', [`X-Large: ${'x'.repeat(20_000)}`]));
    expect([large.status, JSON.parse(large.body).code]).toEqual([431, 'headers-too-large']);
    expect(large.headers.connection).toBe('close');
  });

  it('names what its parser refuses, as every other request', async () => {
    const { port } = await serve();
    const garbage = await sendRaw(port, 'NONSENSE\r\n\r\n');
    const name = garbage.headers['x-request-id'];
    expect(name).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(garbage.body).requestId).toBe(name);
  });

  it('L8: answers in a drain what comes over a connection that was idle, tells it to close, and takes no new one', async () => {
    const { server, port } = await serve();
    const kept = openConnection(port);
    const idle = openConnection(port);
    for (const { socket } of [kept, idle])
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all([kept.until('served'), idle.until('served')]);
    const drained = drainServer(server, FOLLOWED_MS);
    kept.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await kept.ended).toMatch(
      /^HTTP[^]*keep-alive[^]*served[^]*Connection: close[^]*served$/,
    );
    await expect(sendRaw(port, request('GET /'))).rejects.toThrow('ECONNREFUSED');
    expect(await idle.ended).toMatch(/served$/);
    await drained;
  });

  it('gives requests and responses the prototypes of Express from birth', async () => {
    const app = express();
    const seen: boolean[] = [];
    app.use((req, res, next) => {
      seen.push(
        Object.getPrototypeOf(req) === app.request,
        Object.getPrototypeOf(res) === app.response,
      );
      next();
    });
    app.get('/', (_req, res) => void res.end());
    const server = createServer(app, { connectionsMax: 10 });
    const born: boolean[] = [];
    server.prependListener('request', (req, res) => {
      born.push(
        Object.getPrototypeOf(req) === app.request,
        Object.getPrototypeOf(res) === app.response,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await sendRaw((server.address() as AddressInfo).port, request('GET /'));
    await new Promise((resolve) => server.close(resolve));
    expect([...born, ...seen]).toEqual([true, true, true, true]);
  });
});
