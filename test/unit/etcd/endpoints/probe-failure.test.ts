// The words for an endpoint that cannot take calls.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { parseEndpoint } from '../../../../src/etcd/endpoint.js';
import { newInstanceId } from '../../../../src/etcd/endpoints/loop-detection.js';
import { probeEndpoint } from '../../../../src/etcd/endpoints/probe.js';
import { describeFailure } from '../../../../src/etcd/endpoints/probe-failure.js';
import { ConnectError, createConnector } from '../../../../src/etcd/transport/connection.js';
import { TransportError } from '../../../../src/etcd/transport/http-adapter.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';

// nock replaces sockets; this test needs real ones.
beforeAll(() => nock.restore());
afterAll(() => nock.activate());

const plain = parseEndpoint('http://etcd.example:2379');
const NAME_FAILED = 'the host name cannot be resolved; check DNS';

/** As a probe reports an error of the connection. */
function withCause(error: Error): string {
  const connect = new ConnectError(error.message, false, error);
  const exchange = { wasSent: false, isTimeout: false, cause: connect };
  const cause = new TransportError(error.message, exchange);
  const problem = new GatewayError('etcd-unavailable', { detail: 'detail', cause });
  return describeFailure(plain, { kind: 'unhealthy', isLasting: false, isMember: false, problem });
}

const coded = (code: string, more = {}): Error => Object.assign(new Error(code), { code, ...more });

describe('S41: the cause of an endpoint that cannot take calls', () => {
  it.each([
    [
      'an unknown host',
      coded('ENOTFOUND', { hostname: 'a' }),
      'unknown host; check the name and DNS',
    ],
    ['DNS that fails', coded('EAI_AGAIN', { hostname: 'a' }), NAME_FAILED],
    ['a refused DNS query', coded('ECONNREFUSED', { hostname: 'a' }), NAME_FAILED],
    [
      'one of several addresses',
      new AggregateError([coded('OTHER'), coded('ECONNREFUSED')]),
      'connection refused; check that etcd runs and listens there',
    ],
    ['any other error', coded('EHOSTDOWN'), 'EHOSTDOWN; check the address and the log of etcd'],
    [
      'a response that is not HTTP',
      coded('HPE_INVALID_CONSTANT'),
      'no HTTP response before the connection closed; if etcd requires TLS, write https://',
    ],
  ])('names %s', (_, error, words) => {
    expect(withCause(error)).toBe(words);
  });

  it('names an endpoint that did not respond in time', () => {
    const words = 'no response in time; check the address, DNS and firewalls';
    expect(describeFailure(plain, undefined)).toBe(words);
  });

  it('keeps the words and the hint of a member that cannot serve', () => {
    const problem = new GatewayError('etcd-refused', { detail: 'detail', hint: 'hint' });
    expect(describeFailure(plain, { kind: 'too-old', problem })).toBe('detail; hint');
  });

  it('recognizes a server without TLS that responds to a handshake', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const transport = createTransport(
      { socketsMax: 1, idleSocketsMax: 1, responseBytesMax: 10_000 },
      createConnector({ connectTimeoutMs: 10_000 }),
    );
    onTestFinished(() => {
      transport.close();
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const endpoint = parseEndpoint(`https://127.0.0.1:${port}`);
    const deps = { transport, instanceId: newInstanceId(), timeoutMs: 10_000 };
    const result = await probeEndpoint(endpoint, deps);
    if (result.kind !== 'unhealthy') throw new Error(result.kind);
    const words = 'the endpoint does not speak TLS; write http://';
    expect(describeFailure(endpoint, result)).toBe(words);
    expect(result.problem.hint).toContain('write http:// in --endpoints');
  });
});
