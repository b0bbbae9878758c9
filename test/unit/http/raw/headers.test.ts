import { describe, expect, it } from 'vitest';
import {
  requestsWebSocket,
  downstreamHeaders,
  grpcTimeoutMs,
  passedAuthorization,
  upstreamHeaders,
} from '../../../../src/http/raw/headers.js';

describe('upstreamHeaders', () => {
  it('S4: passes the five listed headers and no other', () => {
    const passed = {
      accept: '*/*',
      'content-length': '2',
      'content-type': 'application/json',
      'grpc-metadata-hasleader': 'true',
      'grpc-timeout': '1S',
    };
    const others = {
      authorization: 'token.1',
      host: 'evil.example',
      cookie: 'token=x',
      'grpc-metadata-token': 'forged',
      'grpc-metadata-authorization': 'forged',
      'x-http-method-override': 'GET',
      'x-forwarded-for': '1.2.3.4',
      'sec-websocket-protocol': 'Bearer, forged',
      upgrade: 'websocket',
      te: 'trailers',
      'transfer-encoding': 'chunked',
      expect: '100-continue',
      origin: 'http://evil.example',
    };
    expect(upstreamHeaders({ ...passed, ...others }, false)).toEqual(passed);
  });

  it("sends the authorization of the gateway instead of the client's", () => {
    const headers = { authorization: 'Basic Zm9vOmJhcg==' };
    expect(upstreamHeaders(headers, false, '', 'token.1')).toEqual({ authorization: 'token.1' });
  });

  it('S5: drops the headers that Connection names, in any case and spacing', () => {
    const headers = {
      connection: 'close ,AUTHORIZATION,  Content-Type',
      authorization: 'token.1',
      'content-type': 'text/plain',
      accept: '*/*',
    };
    expect(upstreamHeaders(headers, false)).toEqual({ accept: '*/*' });
    expect(passedAuthorization(headers)).toBeUndefined();
    expect(passedAuthorization({ ...headers, connection: 'close' })).toBe('token.1');
  });

  it('requests that etcd closes a dedicated connection', () => {
    expect(upstreamHeaders({ connection: 'keep-alive' }, true)).toEqual({ connection: 'close' });
  });
});

describe('downstreamHeaders', () => {
  it('S11: passes neither Access-Control-Allow-Origin nor another unlisted header', () => {
    const headers = {
      'access-control-allow-origin': '*',
      'content-type': 'application/json',
      'content-length': '2',
      'grpc-metadata-content-type': 'application/grpc',
      location: 'http://evil.example',
      'set-cookie': ['a=b'],
      connection: 'keep-alive',
      trailer: 'Grpc-Trailer-X',
      'www-authenticate': 'etcd',
    };
    expect(downstreamHeaders(headers)).toEqual({
      'content-type': 'application/json',
      'content-length': '2',
      'www-authenticate': 'etcd',
    });
  });
});

describe('grpcTimeoutMs', () => {
  it.each([
    ['2H', 7_200_000],
    ['3M', 180_000],
    ['5S', 5_000],
    ['250m', 250],
    ['1000u', 1],
  ])('reads %s as %i ms', (text, ms) => {
    expect(grpcTimeoutMs({ 'grpc-timeout': text })).toBeCloseTo(ms);
  });

  it.each(['', '5', '5s', '-1S', '1.5S', '123456789S', '5S, 5S'])('leaves %j to etcd', (text) => {
    expect(grpcTimeoutMs({ 'grpc-timeout': text })).toBeUndefined();
  });
});

describe('requestsWebSocket', () => {
  it('finds WebSocket among the offered protocols', () => {
    expect(requestsWebSocket({ upgrade: 'WebSocket' })).toBe(true);
    expect(requestsWebSocket({ upgrade: 'foo/2, websocket' })).toBe(true);
  });

  it('ignores h2c, which Java clients offer with every request', () => {
    expect(requestsWebSocket({ upgrade: 'h2c' })).toBe(false);
    expect(requestsWebSocket({})).toBe(false);
  });
});

describe('a trace context', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('passes to etcd, also under the name that its gateway passes on', () => {
    expect(upstreamHeaders({ traceparent }, false)).toEqual({
      traceparent,
      'grpc-metadata-traceparent': traceparent,
    });
  });

  it('S4: does not pass if it is invalid, or if only the gRPC metadata contains it', () => {
    const headers = { traceparent: 'forged', 'grpc-metadata-traceparent': traceparent };
    expect(upstreamHeaders(headers, false)).toEqual({});
  });
});
