import { describe, expect, inject, it } from 'vitest';
import { post, recordUpstream, serveRawRouter } from '../support/raw-router-server.js';
import { sendRaw, request } from '../support/raw-socket.js';

describe('request headers', () => {
  it('S4: forwards no header that would change the client, the request or the target', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    const headers = [
      'Authorization: mine.1',
      'Grpc-Metadata-Token: forged',
      'Grpc-Metadata-Authorization: forged',
      'grpc-metadata-hasleader: true',
      'Grpc-Timeout: 5S',
      'X-HTTP-Method-Override: GET',
      'X-Forwarded-For: 1.2.3.4',
      'Sec-WebSocket-Protocol: Bearer, forged',
      'Cookie: token=forged',
      'Proxy-Authorization: Basic eDp5',
      'Accept: application/json',
      'Content-Type: application/json',
      'User-Agent: test',
    ];
    await sendRaw(port, request('POST /v3/kv/range', headers, '{}'));
    const { host, connection, ...passed } = upstream.requests[0]!.headers;
    expect(passed).toEqual({
      authorization: 'mine.1',
      'grpc-metadata-hasleader': 'true',
      'grpc-timeout': '5S',
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': '2',
    });
    expect(host).toBe(new URL(upstream.endpoint).host);
    expect(connection).toBe('keep-alive');
  });

  it('S5: forwards no header that Connection names', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    const text =
      'POST /v3/kv/range HTTP/1.1\r\nHost: localhost\r\nConnection: close, authorization, X-Secret\r\n' +
      'Authorization: mine.1\r\nX-Secret: 1\r\nContent-Length: 2\r\n\r\n{}';
    await sendRaw(port, text);
    expect(upstream.requests[0]!.headers).not.toHaveProperty('authorization');
    expect(upstream.requests[0]!.headers).not.toHaveProperty('x-secret');
  });

  it('frames a body again if Connection names its length', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    const text =
      'POST /v3/kv/range HTTP/1.1\r\nHost: localhost\r\nConnection: close, content-length\r\n' +
      'Content-Length: 9\r\n\r\n{"a":"b"}';
    await sendRaw(port, text);
    expect(upstream.requests[0]!.body).toBe('{"a":"b"}');
  });

  it('passes a chunked body and a body of nothing', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    const chunked = '4\r\n{"a"\r\n5\r\n:"b"}\r\n0\r\n\r\n';
    await sendRaw(port, request('POST /v3/kv/range', ['Transfer-Encoding: chunked']) + chunked);
    await sendRaw(port, request('POST /v3/kv/range'));
    expect(upstream.requests.map(({ body }) => body)).toEqual(['{"a":"b"}', '']);
  });

  it('S4: returns 426 for a WebSocket upgrade and makes no connection', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    const text =
      'GET /v3/watch HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    const answer = await sendRaw(port, text);
    expect(answer.status).toBe(426);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 12 });
    expect(upstream.connectionsMade()).toBe(0);
  });

  it('serves a call that offers h2c in addition to HTTP/1.1, like Java', async () => {
    const upstream = await recordUpstream();
    const { port } = await serveRawRouter([upstream.endpoint]);
    const text =
      'POST /v3/kv/range HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\n' +
      'Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\nContent-Length: 2\r\n\r\n{}';
    const answer = await sendRaw(port, text);
    expect(answer.status).toBe(200);
    expect(upstream.requests[0]!.body).toBe('{}');
    expect(upstream.requests[0]!.headers).not.toHaveProperty('upgrade');
    expect(upstream.requests[0]!.headers).not.toHaveProperty('http2-settings');
  });
});

describe('response headers', () => {
  it('S11: does not relay the CORS headers that etcd sends by default', async () => {
    const upstream = await recordUpstream((_req, res) => {
      res.setHeader('Access-Control-Allow-Origin', '*');
      res.setHeader('Access-Control-Allow-Headers', 'accept, content-type, authorization');
      res.setHeader('Grpc-Metadata-Content-Type', 'application/grpc');
      res.setHeader('Content-Type', 'application/json').end('{}');
    });
    const { url } = await serveRawRouter([upstream.endpoint]);
    const { headers } = await post(`${url}/v3/maintenance/status`);
    expect(headers.get('content-type')).toBe('application/json');
    const names = [...headers.keys()].filter((name) => /^(access-|grpc-)/.test(name));
    expect(names).toEqual([]);
  });

  it('hands over the headers of the list and keeps the rest', async () => {
    const upstream = await recordUpstream((_req, res) => {
      res.writeHead(401, {
        'Content-Type': 'application/json',
        'WWW-Authenticate': 'etcd',
        'Set-Cookie': 'a=b',
        Server: 'x',
        'X-Powered-By': 'y',
      });
      res.end('{"code":16}');
    });
    const { port } = await serveRawRouter([upstream.endpoint]);
    const { status, headers } = await sendRaw(port, request('POST /v3/kv/range', [], '{}'));
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('etcd');
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('server');
  });

  it('S12: does not follow a redirect and does not relay it', async () => {
    const evil = await recordUpstream();
    const upstream = await recordUpstream((_req, res) => {
      res.writeHead(301, { Location: `${evil.endpoint}/v3/kv/put` }).end();
    });
    const { url } = await serveRawRouter([upstream.endpoint]);
    const { status, headers, text } = await post(`${url}/v3/kv/put`);
    expect(status).toBe(502);
    expect(headers.get('location')).toBeNull();
    expect(JSON.parse(text)).toMatchObject({ code: 13 });
    expect(text).toContain('outcome: unknown');
    expect(evil.connectionsMade()).toBe(0);
    expect(upstream.requests).toHaveLength(1);
  });

  it('S13: ignores a proxy in the environment', async () => {
    const proxy = await recordUpstream();
    const upstream = await recordUpstream();
    process.env.http_proxy = proxy.endpoint;
    try {
      const { url } = await serveRawRouter([upstream.endpoint]);
      expect((await post(`${url}/v3/kv/range`)).status).toBe(200);
    } finally {
      delete process.env.http_proxy;
    }
    expect(proxy.connectionsMade()).toBe(0);
  });

  it('serves HTTP/1.0 callers', async () => {
    const { port } = await serveRawRouter([inject('etcdEndpoint')]);
    const text = 'POST /v3/maintenance/status HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}';
    const { status, body } = await sendRaw(port, text);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toHaveProperty('version');
  });
});
