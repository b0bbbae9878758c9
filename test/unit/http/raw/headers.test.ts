import { describe, expect, it } from 'vitest';
import {
  asksForWebSocket,
  downstreamHeaders,
  grpcTimeoutMs,
  passedAuthorization,
  upstreamHeaders,
} from '../../../../src/http/raw/headers.js';

describe('upstreamHeaders', () => {
  it('S4: passes the five headers of the list and no other', () => {
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

  it('says who asks as the gateway has found out', () => {
    const headers = { authorization: 'Basic Zm9vOmJhcg==' };
    expect(upstreamHeaders(headers, false, '', 'token.1')).toEqual({ authorization: 'token.1' });
  });

  it('S5: drops what Connection names, in any case and spacing', () => {
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

  it('asks etcd to close a connection that is not shared', () => {
    expect(upstreamHeaders({ connection: 'keep-alive' }, true)).toEqual({ connection: 'close' });
  });
});

describe('downstreamHeaders', () => {
  it('S11: relays neither Access-Control-Allow-Origin nor anything else outside the list', () => {
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

describe('asksForWebSocket', () => {
  it('finds it among the protocols that are offered', () => {
    expect(asksForWebSocket({ upgrade: 'WebSocket' })).toBe(true);
    expect(asksForWebSocket({ upgrade: 'foo/2, websocket' })).toBe(true);
  });

  it('is not bothered by the h2c that Java offers with every call', () => {
    expect(asksForWebSocket({ upgrade: 'h2c' })).toBe(false);
    expect(asksForWebSocket({})).toBe(false);
  });
});

describe('a trace', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('goes on to etcd, under the name that its gateway hands on, too', () => {
    expect(upstreamHeaders({ traceparent }, false)).toEqual({
      traceparent,
      'grpc-metadata-traceparent': traceparent,
    });
  });

  it('S4: of no known form goes nowhere, nor does one that is written for etcd alone', () => {
    const headers = { traceparent: 'forged', 'grpc-metadata-traceparent': traceparent };
    expect(upstreamHeaders(headers, false)).toEqual({});
  });
});
