import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import nock from 'nock';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
  vi,
} from 'vitest';
import { parseEndpoint } from '../../../../src/etcd/endpoint.js';
import type { Endpoint } from '../../../../src/etcd/endpoint.js';
import type { TransportError } from '../../../../src/etcd/transport/http-adapter.js';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../../../support/certificate.js';
import { deadEndpoint, eventually, serveTcp } from '../../../support/raw-router-server.js';

// nock puts sockets of its own between; this is about real ones.
beforeAll(() => nock.restore());
afterAll(() => nock.activate());

const transport = createTransport(
  {
    socketsMax: 4,
    idleSocketsMax: 1,
    responseBytesMax: 10_000,
  },
  createConnector({ connectTimeoutMs: 300 }),
);

/** A TLS server on loopback until the test is over. */
async function serveTls(
  handle: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<Endpoint> {
  const server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return parseEndpoint(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

interface Heard {
  status: number;
  text: string;
  readonly ends: (TransportError | undefined)[];
}

function open(endpoint: Endpoint): { heard: Heard; stream: ReturnType<typeof transport.stream> } {
  const heard: Heard = { status: 0, text: '', ends: [] };
  const stream = transport.stream(endpoint, {
    path: '/v3/watch',
    headers: {},
    onHead: (status) => (heard.status = status),
    onData: (chunk) => (heard.text += chunk.toString()),
    onEnd: (error) => heard.ends.push(error),
  });
  onTestFinished(() => stream.destroy());
  return { heard, stream };
}

describe('over TLS', () => {
  beforeEach(() => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('a call that is not answered in time fails, and may have been sent', async () => {
    const endpoint = await serveTls(() => undefined);
    const call = transport.unary(endpoint, {
      path: '/v3/kv/put',
      body: '{}',
      signal: new AbortController().signal,
      timeouts: { headersTimeoutMs: 300, totalTimeoutMs: 300 },
    });
    await expect(call).rejects.toMatchObject({ wasSent: true, isTimeout: true });
  });

  it('a call that is given up is reset, so that nothing of it is delivered later', async () => {
    const errors: string[] = [];
    const endpoint = await serveTls((req) => {
      req.socket.on('error', ({ message }) => errors.push(message));
    });
    const call = transport.unary(endpoint, {
      path: '/v3/kv/put',
      body: '{}',
      signal: new AbortController().signal,
      timeouts: { headersTimeoutMs: 300, totalTimeoutMs: 300 },
    });
    await expect(call).rejects.toMatchObject({ wasSent: true });
    await eventually(() => errors.length > 0);
    expect(errors[0]).toContain('ECONNRESET');
  });

  it('a stream carries both ways at once, and its end is heard by the other side', async () => {
    let isGone = false;
    const endpoint = await serveTls((req, res) => {
      req.pipe(res);
      req.on('error', () => undefined);
      res.on('close', () => (isGone = true));
    });
    const { heard, stream } = open(endpoint);
    stream.write('one,');
    await eventually(() => heard.text === 'one,');
    stream.write('two');
    await eventually(() => heard.text === 'one,two');
    stream.destroy();
    await eventually(() => isGone);
    expect([heard.status, heard.ends]).toEqual([200, []]);
  });

  it('a stream whose handshake does not end was never sent', async () => {
    const endpoint = await serveTcp(() => undefined);
    const { heard, stream } = open(parseEndpoint(endpoint.replace('http:', 'https:')));
    stream.write('x');
    await eventually(() => heard.ends.length > 0);
    expect(heard.ends[0]).toMatchObject({ wasSent: false, isTimeout: true });
  });
});

describe('a stream', () => {
  it('to an endpoint where nobody listens ends once, later, as never sent', async () => {
    const { heard, stream } = open(parseEndpoint(await deadEndpoint()));
    stream.write('x');
    expect(heard.ends).toEqual([]);
    await eventually(() => heard.ends.length > 0);
    await pause(20);
    expect(heard.ends).toMatchObject([{ wasSent: false, isTimeout: false }]);
  });

  it('is not heard of after it was destroyed, and takes no more', async () => {
    const { heard, stream } = open(parseEndpoint(await deadEndpoint()));
    stream.destroy();
    stream.write('x');
    stream.destroy();
    await pause(50);
    expect(heard).toEqual({ status: 0, text: '', ends: [] });
  });

  it('ends without an error when the answer ends, and with one when it is cut', async () => {
    const whole = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n';
    for (const [bytes, end] of [
      [whole, undefined],
      [whole.slice(0, -5), expect.objectContaining({ wasSent: true })],
    ] as const) {
      const endpoint = await serveTcp((socket) => {
        socket.once('data', () => socket.end(bytes));
      });
      const { heard, stream } = open(parseEndpoint(endpoint));
      stream.write('x');
      await eventually(() => heard.ends.length > 0);
      expect(heard).toEqual({ status: 200, text: 'ab', ends: [end] });
    }
  });
});
