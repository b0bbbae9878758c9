import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from '../support/certificate.js';
import { startMember } from '../support/etcd.js';
import {
  deadEndpoint,
  eventually,
  post,
  recordUpstream,
  serveRawRouter,
  serveTcp,
} from '../support/raw-router-server.js';
import { sendRaw, chunk, openConnection, request } from '../support/raw-socket.js';

const PUT = '{"key":"cmF3L2ZhaWx1cmVz","value":"eA=="}';

interface ErrorBody {
  error: string;
  message: string;
  code: number;
}

function bodyOf(text: string): ErrorBody {
  return JSON.parse(text) as ErrorBody;
}

describe('failover', () => {
  it('F1: continues with the next endpoint when one refuses, and sends once', async () => {
    const upstream = await recordUpstream();
    const { url } = await serveRawRouter([await deadEndpoint(), upstream.endpoint]);
    for (let i = 0; i < 4; i++) {
      expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(200);
    }
    expect(upstream.requests).toHaveLength(4);
  });

  it('continues with a real etcd when the first endpoint is down', async () => {
    const { url } = await serveRawRouter([await deadEndpoint(), inject('etcdEndpoint')]);
    expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(200);
    const watch = await post(`${url}/v3/lease/keepalive`, '{"ID":"1"}');
    expect(watch.status).toBe(200);
  });

  it('continues when an endpoint does not finish its TLS handshake in time', async () => {
    const silent = (await serveTcp(() => undefined)).replace('http:', 'https:');
    const upstream = await recordUpstream();
    const { url } = await serveRawRouter([silent, upstream.endpoint], { connectTimeoutMs: 300 });
    expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
  });

  it('returns 503 with "not-applied" when no endpoint is reachable', async () => {
    const { url, log } = await serveRawRouter([await deadEndpoint(), await deadEndpoint()]);
    const { status, headers, text } = await post(`${url}/v3/kv/put`, PUT);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(bodyOf(text).code).toBe(14);
    expect(bodyOf(text).message).toContain('outcome: not-applied');
    expect(bodyOf(text).error).toBe(bodyOf(text).message);
    expect(log.filter((line) => line.includes('ECONNREFUSED'))).toHaveLength(1);
  });

  it('S22: names no endpoint in a response', async () => {
    const endpoint = await deadEndpoint();
    const { url } = await serveRawRouter([endpoint]);
    expect((await post(`${url}/v3/kv/put`, PUT)).text).not.toContain(new URL(endpoint).port);
  });

  it('serves again as soon as etcd is back, without a restart', async () => {
    const member = await startMember();
    onTestFinished(() => member.stop());
    const { url } = await serveRawRouter([member.endpoint]);
    expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(200);
    await member.kill('SIGKILL');
    expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(503);
    await member.restart();
    expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(200);
  });

  it('ejects a member that returns 503, although it accepts connections', async () => {
    const sick = await recordUpstream((_req, res) => {
      res.writeHead(503, { 'Content-Type': 'application/json' });
      res.end('{"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14}');
    });
    const healthy = await recordUpstream();
    const { url } = await serveRawRouter([sick.endpoint, healthy.endpoint]);
    const first = await post(`${url}/v3/kv/put`, PUT);
    expect(first.status).toBe(503);
    expect(bodyOf(first.text).message).toBe('etcdserver: no leader');
    for (let i = 0; i < 3; i++) expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(200);
    expect(sick.requests).toHaveLength(1);
  });

  it('connects to https endpoints and verifies their certificates', async () => {
    const server = createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (req, res) => {
      req.resume();
      res.setHeader('Content-Type', 'application/json').end('{"over":"tls"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost']) {
      const endpoints = [`https://${host}:${port}`];
      const trusting = await serveRawRouter(endpoints, { ca: TEST_CERTIFICATE });
      const { status, text } = await post(`${trusting.url}/v3/kv/put`, PUT);
      expect({ status, text }).toEqual({ status: 200, text: '{"over":"tls"}' });
      const wary = await serveRawRouter(endpoints);
      expect((await post(`${wary.url}/v3/kv/put`, PUT)).status).toBe(503);
    }
  });
});

describe('connections', () => {
  it('are kept for the next short call', async () => {
    const upstream = await recordUpstream();
    const { url } = await serveRawRouter([upstream.endpoint]);
    for (let i = 0; i < 10; i++) await post(`${url}/v3/kv/range`);
    expect(upstream.requests).toHaveLength(10);
    expect(upstream.connectionsMade()).toBe(1);
  });

  it('are not shared by streams, which ask etcd to close them', async () => {
    const upstream = await recordUpstream();
    const { url } = await serveRawRouter([upstream.endpoint]);
    for (const path of ['kv/range', 'watch', 'lock/lock', 'maintenance/snapshot', 'kv/range']) {
      await post(`${url}/v3/${path}`);
    }
    expect(upstream.connectionsMade()).toBe(4);
    expect(upstream.requests.map(({ headers }) => headers.connection)).toEqual([
      'keep-alive',
      'close',
      'close',
      'close',
      'keep-alive',
    ]);
  });

  it('to the caller are kept too, also after errors in the middle of a large body', async () => {
    const { port } = await serveRawRouter([await deadEndpoint()]);
    const body = ' '.repeat(1024 * 1024) + PUT;
    const call = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const connection = openConnection(port);
    for (const [path, status] of [
      ['/v3/nothing', 'HTTP/1.1 404'],
      ['/v3/kv/put', 'HTTP/1.1 503'],
      ['/v3/nothing', 'HTTP/1.1 404'],
    ] as const) {
      const before = (await connection.until('')).length;
      connection.socket.write(call(path));
      await eventually(async () => (await connection.until('')).slice(before).includes(status));
    }
    connection.socket.destroy();
  });
});

describe('a call whose connection breaks after it was sent', () => {
  it('F3: is reported as unknown and never sent again', async () => {
    let bytesSeen = '';
    let connections = 0;
    const breaking = await serveTcp((socket) => {
      connections += 1;
      socket.on('data', (data) => {
        bytesSeen += data.toString('latin1');
        if (bytesSeen.includes('"value"')) socket.resetAndDestroy();
      });
    });
    const healthy = await recordUpstream();
    const { url, log } = await serveRawRouter([breaking, healthy.endpoint]);
    const { status, text } = await post(`${url}/v3/kv/put`, PUT, { Authorization: 'secret.1' });
    expect(status).toBe(503);
    expect(bodyOf(text).code).toBe(14);
    expect(bodyOf(text).message).toContain('outcome: unknown');
    expect(connections).toBe(1);
    expect(healthy.requests).toHaveLength(0);
    expect(log.join('')).toContain(breaking);
    // S20
    expect(log.join('')).not.toMatch(/secret|cmF3L2ZhaWx1cmVz/);
  });

  it('returns 504 with an unknown outcome when etcd does not respond in time', async () => {
    const silent = await serveTcp(() => undefined);
    const { url } = await serveRawRouter([silent], { limits: { requestTimeoutSeconds: 0.5 } });
    const { status, text } = await post(`${url}/v3/kv/put`, PUT);
    expect(status).toBe(504);
    expect(bodyOf(text).code).toBe(4);
    expect(bodyOf(text)).toMatchObject({
      message: 'context deadline exceeded',
      detail: expect.stringContaining('outcome: unknown'),
    });
  });

  it('ejects a member that did not respond in time', async () => {
    const silent = await serveTcp(() => undefined);
    const healthy = await recordUpstream();
    const limits = { requestTimeoutSeconds: 1 };
    const { url } = await serveRawRouter([silent, healthy.endpoint], { limits });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await post(`${url}/v3/kv/put`, PUT)).status);
    expect(statuses).toEqual([504, 200, 200, 200]);
  });

  it('S7: does not eject the member when the client sent credentials, on which etcd 3.4 can hang', async () => {
    const silent = await serveTcp(() => undefined);
    const { url, pool } = await serveRawRouter([silent], {
      limits: { requestTimeoutSeconds: 0.5 },
    });
    const reportFailure = vi.spyOn(pool, 'reportFailure');
    const forged = { Authorization: 'aaaaaaaaaaaaaaaa.999999999' };
    expect((await post(`${url}/v3/kv/put`, PUT, forged)).status).toBe(504);
    expect(reportFailure).not.toHaveBeenCalled();
    expect((await post(`${url}/v3/kv/put`, PUT)).status).toBe(504);
    expect(reportFailure).toHaveBeenCalledTimes(1);
  });

  it("waits as long as the caller's own Grpc-Timeout", async () => {
    const slow = await recordUpstream((_req, res) => {
      setTimeout(() => res.end('{}'), 1_500);
    });
    const { url } = await serveRawRouter([slow.endpoint], {
      limits: { requestTimeoutSeconds: 0.5 },
    });
    const { status } = await post(`${url}/v3/kv/put`, PUT, { 'Grpc-Timeout': '30S' });
    expect(status).toBe(200);
  });

  it('returns 502 when the response is not HTTP', async () => {
    const endpoint = await serveTcp((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const { url } = await serveRawRouter([endpoint]);
    const { status, text } = await post(`${url}/v3/kv/put`, PUT);
    expect(status).toBe(502);
    expect(bodyOf(text).code).toBe(13);
    expect(text).not.toContain('SSH');
  });

  it('F5: ends as a broken response when etcd breaks off inside it', async () => {
    const endpoint = await serveTcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"kvs":[');
      setTimeout(() => socket.destroy(), 50);
    });
    const { url } = await serveRawRouter([endpoint]);
    await expect(post(`${url}/v3/kv/range`)).rejects.toThrow();
  });
});

describe('a stream that breaks', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

  it('gets a last line, but not the end of a complete response', async () => {
    const endpoint = await serveTcp((socket) => {
      socket.write(head + chunk('{"result":{"created":true}}\n'));
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    const { port } = await serveRawRouter([endpoint]);
    const connection = openConnection(port);
    connection.socket.write(request('POST /v3/watch', [], '{}'));
    const all = await connection.ended;
    expect(all).toContain('{"error":{"code":14,"grpc_code":14,"http_code":503,');
    expect(all).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it('ends with an error and without the part of a line that has arrived', async () => {
    const endpoint = await serveTcp((socket) => {
      socket.write(head + chunk('{"result":{"crea'));
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    const { port } = await serveRawRouter([endpoint]);
    const connection = openConnection(port);
    connection.socket.write(request('POST /v3/watch', [], '{}'));
    const all = await connection.ended;
    expect(all).not.toContain('"crea');
    expect(all).toContain('{"error":{"code":14,');
  });
});

describe('a client that leaves while the connection is being made', () => {
  it('sends nothing to etcd', async () => {
    const silent = (await serveTcp(() => undefined)).replace('http:', 'https:');
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([silent, upstream.endpoint], { connectTimeoutMs: 400 });
    const connection = openConnection(port);
    connection.socket.write(request('POST /v3/lock/lock', [], '{}'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    connection.socket.destroy();
    await eventually(() => upstream.connectionsMade() === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('limits', () => {
  it('L4: refuses an announced body above the limit with 413 and makes no connection', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint], { limits: { bodyLimitBytes: 100 } });
    for (const path of ['/v3/kv/put', '/v3/watch']) {
      const answer = await sendRaw(port, request(`POST ${path}`, [], 'x'.repeat(101)));
      expect(answer.status).toBe(413);
      expect(bodyOf(answer.body)).toMatchObject({
        message: 'etcdserver: request is too large',
        code: 3,
      });
    }
    expect(upstream.connectionsMade()).toBe(0);
  });

  it('L4: passes a body of exactly the limit', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint], { limits: { bodyLimitBytes: 100 } });
    const answer = await sendRaw(port, request('POST /v3/kv/put', [], 'x'.repeat(100)));
    expect(answer.status).toBe(200);
    expect(upstream.requests[0]!.body).toHaveLength(100);
  });

  it('L4: counts a chunked body and ends it at the limit', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint], { limits: { bodyLimitBytes: 100 } });
    const connection = openConnection(port);
    connection.socket.write(
      'POST /v3/kv/put HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    connection.socket.write(chunk('x'.repeat(60)));
    await eventually(() => upstream.connectionsMade() === 1);
    connection.socket.write(chunk('x'.repeat(60)));
    const all = await connection.ended;
    expect(all).toContain('HTTP/1.1 413');
    expect(upstream.requests).toHaveLength(0);
  });

  it('L1: rejects a slow body with 408', async () => {
    const upstream = await recordUpstream();
    const limits = { requestTimeoutSeconds: 0.2 };
    const { port } = await serveRawRouter([upstream.endpoint], { limits });
    for (const path of ['/v3/kv/put', '/v3/lock/lock']) {
      const answer = await sendRaw(
        port,
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{`,
      );
      expect(answer.status).toBe(408);
      expect(bodyOf(answer.body).code).toBe(4);
    }
    expect(upstream.requests).toHaveLength(0);
  });

  it('L3: refuses excess calls with 429, and accepts them when one has ended', async () => {
    const silent = await serveTcp(() => undefined);
    const { port, url } = await serveRawRouter([silent, silent], { limits: { rawCallsMax: 2 } });
    const waiting = [openConnection(port), openConnection(port)];
    for (const { socket } of waiting) socket.write(request('POST /v3/lock/lock', [], '{}'));
    const refused = await (async () => {
      for (;;) {
        const signal = AbortSignal.timeout(500);
        const response = await fetch(`${url}/v3/watch`, {
          method: 'POST',
          body: '{}',
          signal,
        }).catch(() => undefined);
        if (response !== undefined) return response;
      }
    })();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    for (const { socket } of waiting) socket.destroy();
    await eventually(async () => {
      const signal = AbortSignal.timeout(200);
      return fetch(`${url}/v3/watch`, { method: 'POST', body: '{}', signal }).then(
        () => false,
        () => true,
      );
    });
  });

  it('L9: survives clients that leave at any moment, and keeps no connection for them', async () => {
    const door = await serveRawRouter([inject('etcdEndpoint')]);
    for (let i = 0; i < 60; i++) {
      const connection = openConnection(door.port);
      const path = ['/v3/kv/put', '/v3/watch', '/v3/lock/lock'][i % 3]!;
      const text = request(`POST ${path}`, [], PUT);
      connection.socket.write(text.slice(0, Math.ceil((text.length * (i + 1)) / 60)));
      setTimeout(() => connection.socket.resetAndDestroy(), i % 7);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await eventually(async () => (await door.connections()) === 0);
    expect((await post(`${door.url}/v3/kv/put`, PUT)).status).toBe(200);
  });
});
