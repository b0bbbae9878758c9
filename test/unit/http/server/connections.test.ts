// One connection of the Node server: its requests are served one after the other, and all of it ends with the connection.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServer, drainServer } from '../../../../src/http/server/server.js';
import type { ServerOptions } from '../../../../src/http/server/server.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../../../support/certificate.js';
import { Random } from '../../../harness/random.js';
import { chunk, openConnection } from '../../../support/raw-socket.js';

const LIMIT_MS = 15_000;
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

interface Served {
  readonly server: Server;
  readonly port: number;
  readonly seen: string[];
  /** Responses that have begun and have not seen `close`. */
  readonly open: Set<ServerResponse>;
  mostOpen: number;
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

async function serve(handler: Handler, options: Partial<ServerOptions> = {}): Promise<Served> {
  const app = express();
  const seen: string[] = [];
  const open = new Set<ServerResponse>();
  app.use((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    open.add(res);
    served.mostOpen = Math.max(served.mostOpen, open.size);
    res.once('close', () => open.delete(res));
    handler(req, res);
  });
  const server = createServer(app, { connectionsMax: 1_000, ...options });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const served: Served = { server, port, seen, open, mostOpen: 0 };
  return served;
}

/** Ends `/n` soon with its name and the size of its body; leaves `/wait` open. */
const answer: Handler = (req, res) => {
  if (req.url === '/wait') return;
  let bytes = 0;
  req.on('data', (part: Buffer) => (bytes += part.length));
  req.on('end', () => setImmediate(() => res.end(`<${req.url}:${bytes}>`)));
};

/** Requests to `answer` with bodies of every framing, and what they are answered with. */
function mixedRequests(random: Random, count: number): { bytes: Buffer; answers: string[] } {
  const parts: string[] = [];
  const answers: string[] = [];
  for (let i = 0; i < count; i++) {
    const body = '\r\n\r\nx'.repeat(random.whole([0, random.chance(0.1) ? 20_000 : 20]));
    const expect100 = random.chance(0.1) ? 'Expect: 100-continue\r\n' : '';
    const head = `POST /${i} HTTP/1.1\r\nHost: localhost\r\n${expect100}`;
    const kind = random.pick(['none', 'length', 'chunks']);
    if (kind === 'none') parts.push(get(`/${i}`));
    else if (kind === 'length') parts.push(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    else {
      const chunks = body === '' ? '' : chunk(body);
      parts.push(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    }
    answers.push(`</${i}:${kind === 'none' ? 0 : body.length}>`);
  }
  return { bytes: Buffer.from(parts.join('')), answers };
}

/** Writes the bytes in pieces of any size and resolves with all answers. */
async function answersTo(socket: Socket, bytes: Buffer, random: Random): Promise<string[]> {
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  const most = random.pick([5, 200, 5_000, bytes.length]);
  for (let at = 0; at < bytes.length;) {
    const end = at + random.whole([1, most]);
    socket.write(bytes.subarray(at, end));
    at = end;
    await new Promise(setImmediate);
  }
  const read = (): string[] => received.match(/<[^>]*>/g) ?? [];
  const count = (bytes.toString('latin1').match(/ HTTP\/1\.1\r\n/g) ?? []).length;
  await expect.poll(() => read().length, { timeout: LIMIT_MS }).toBe(count);
  socket.destroy();
  return read();
}

describe('L11: pipelined requests', () => {
  it.each(['http', 'https'])(
    'are answered in order, one at a time, however their bytes are cut (%s)',
    async (scheme) => {
      const tls = { cert: Buffer.from(TEST_CERTIFICATE), key: Buffer.from(TEST_KEY) };
      const served = await serve(answer, scheme === 'https' ? { tls } : {});
      for (let seed = 1; seed <= 20; seed++) {
        const random = new Random(seed);
        const { bytes, answers } = mixedRequests(random, random.whole([1, 60]));
        const socket =
          scheme === 'https'
            ? connectTls({ port: served.port, host: '127.0.0.1', rejectUnauthorized: false })
            : connect(served.port, '127.0.0.1');
        expect(await answersTo(socket, bytes, random)).toEqual(answers);
      }
      expect(served.mostOpen).toBe(1);
      await expect.poll(() => served.open.size).toBe(0);
    },
    2 * LIMIT_MS,
  );

  it('end with their connection: none begins behind a response that never comes, and every response sees its end', async () => {
    const served = await serve(answer);
    const connections = Array.from({ length: 8 }, () => openConnection(served.port));
    for (const { socket } of connections) socket.write(get('/wait') + get('/late').repeat(1_200));
    await expect.poll(() => served.seen.length).toBe(8);
    for (const { socket } of connections) socket.destroy();
    await expect.poll(() => served.open.size).toBe(0);
    expect(new Set(served.seen)).toEqual(new Set(['GET /wait']));
  });

  it('are dropped behind a response that closes the connection', async () => {
    const served = await serve(answer);
    const connection = openConnection(served.port);
    const last = 'GET /2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    connection.socket.write(get('/1') + last + get('/3'));
    expect(await connection.ended).toMatch(/<\/1:0>[^]*Connection: close[^]*<\/2:0>$/);
    expect(served.seen).toEqual(['GET /1', 'GET /2']);
  });

  it.each([
    'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n',
    'GET /2 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ])('of which one asks for another protocol end the connection behind the first', async (odd) => {
    const { port, seen } = await serve(answer);
    const connection = openConnection(port);
    connection.socket.write(get('/1') + odd + get('/3'));
    expect(await connection.ended).toMatch(/Connection: close[^]*<\/1:0>$/);
    expect(seen).toEqual(['GET /1']);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closes', (socket) => socket.destroy()],
    ['ends its half', (socket) => socket.end()],
  ])('beyond the limit of one connection do not hide that the client %s', async (_, leave) => {
    const served = await serve(answer, { connections: { unparsedBytesMax: 1_000 } });
    const flood = openConnection(served.port);
    flood.socket.write(get('/wait') + get('/late').repeat(500));
    const patient = openConnection(served.port);
    patient.socket.write(get('/wait') + get('/late'));
    await expect.poll(() => served.open.size).toBe(2);
    leave(flood.socket);
    await expect.poll(() => served.open.size).toBe(1);
    expect(served.seen).toEqual(['GET /wait', 'GET /wait']);
    expect(patient.socket.closed).toBe(false);
    patient.socket.destroy();
  });

  it('continue to be read when the response before them is over', async () => {
    const served = await serve(answer, { connections: { unparsedBytesMax: 1_000 } });
    const connection = openConnection(served.port);
    connection.socket.write(get('/1').repeat(1_999) + get('/last'));
    const text = await connection.until('</last:0>');
    expect(text.match(/<\/1:0>/g)).toHaveLength(1_999);
    connection.socket.destroy();
  });

  it('that exceed the bytes of all connections are dropped behind the request in progress', async () => {
    const served = await serve(
      (req, res) => {
        if (req.url === '/soon') setTimeout(() => answer(req, res), 200);
        else answer(req, res);
      },
      { connections: { allUnparsedBytesMax: 10_000 } },
    );
    const connection = openConnection(served.port);
    connection.socket.write(get('/soon') + get('/late').repeat(500));
    expect(await connection.ended).toMatch(/Connection: close[^]*<\/soon:0>$/);
    expect(served.seen).toEqual(['GET /soon']);
    const next = openConnection(served.port);
    next.socket.write(get('/1') + get('/2').repeat(100) + get('/last'));
    await next.until('</last:0>');
    next.socket.destroy();
  });

  it('get one more response in a drain, which closes the connection', async () => {
    let finish = (): void => undefined;
    const served = await serve((req, res) => {
      if (req.url === '/1') finish = () => res.end('<first>');
      else answer(req, res);
    });
    const connection = openConnection(served.port);
    connection.socket.write(get('/1') + get('/2') + get('/3'));
    await expect.poll(() => served.seen.length).toBe(1);
    const drained = drainServer(served.server, LIMIT_MS);
    finish();
    expect(await connection.ended).toMatch(/<first>[^]*Connection: close[^]*<\/2:0>$/);
    await drained;
    expect(served.seen).toEqual(['GET /1', 'GET /2']);
  });
});

describe('S35: bytes that are no request behind one in progress', () => {
  const bare = 'DELETE /1 HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const short = 'PUT /1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx';
  it.each([
    ['an unframed body', `${bare}{"a":1}`],
    ['more bytes than Content-Length', `${short}yz`],
    ['invalid bytes later in the same packet', `${bare}\0\0`],
    [
      'data behind Connection: close',
      `DELETE /1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\nx`,
    ],
  ])('leave it its response, and close the connection: %s', async (_what, text) => {
    const { port, seen } = await serve((req, res) => {
      req.resume();
      setTimeout(() => res.end('<done>'), 100);
    });
    const connection = openConnection(port);
    connection.socket.write(text);
    const received = await connection.ended;
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close[^]*<done>$/);
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  it('leave a stream that has begun until its end', async () => {
    const { port } = await serve((_req, res) => {
      res.write('<begun>');
      setTimeout(() => res.end('<done>'), 200);
    });
    const connection = openConnection(port);
    connection.socket.write(get('/1'));
    await connection.until('<begun>');
    connection.socket.write('\0\0\0');
    expect(await connection.ended).toMatch(/<begun>[^]*<done>[^]*0\r\n\r\n$/);
  });

  it('are no reason to wait for a client that is gone', async () => {
    const served = await serve(() => undefined);
    const connection = openConnection(served.port);
    connection.socket.write(`${get('/1')}\0\0`);
    await expect.poll(() => served.open.size).toBe(1);
    connection.socket.destroy();
    await expect.poll(() => served.open.size).toBe(0);
  });

  it('are refused where they are part of its own body', async () => {
    const { port } = await serve(answer);
    const connection = openConnection(port);
    connection.socket.write(
      'PUT /1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    );
    expect(await connection.ended).toMatch(/^HTTP\/1\.1 400 [^]*invalid-request/);
  });

  it('get no second response where the first one came before the body', async () => {
    const { port } = await serve((_req, res) => void res.end('<early>'));
    const connection = openConnection(port);
    connection.socket.write(
      'PUT /1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    await connection.until('<early>');
    connection.socket.write('zz\r\n');
    expect((await connection.ended).match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('L16: heads that are incomplete', () => {
  it('are limited in number: the oldest one is closed, and requests are served', async () => {
    const { port } = await serve(answer, { connections: { incompleteHeadsMax: 3 } });
    const slow = [1, 2, 3, 4].map(() => openConnection(port));
    for (const { socket } of slow) {
      socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await slow[0]!.ended;
    const client = openConnection(port);
    client.socket.write(get('/1'));
    await client.until('</1:0>');
    await slow[1]!.ended;
    for (const { socket } of slow.slice(2)) socket.write('x\r\n\r\n');
    await Promise.all(slow.slice(2).map((each) => each.until('</slow:0>')));
    for (const { socket } of [...slow, client]) socket.destroy();
  });
});

it('S43: an absolute-form target is accepted with the scheme of the server alone', async () => {
  const tls = { cert: Buffer.from(TEST_CERTIFICATE), key: Buffer.from(TEST_KEY) };
  const served = await serve((_req, res) => res.end(), { tls });
  const socket = connectTls({ port: served.port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.write(get('https://localhost/1?x=/') + get('http://localhost/2'));
  await expect.poll(() => served.seen).toEqual(['GET /1?x=/', 'GET http://localhost/2']);
  socket.destroy();
});
