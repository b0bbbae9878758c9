// Waiters, requests and renewals have connections of their own: a lane that is full keeps nobody in another one up.
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Caller } from '../../../../src/core/caller.js';
import { createEtcdClient } from '../../../../src/etcd/client.js';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import { withTrafficClasses } from '../../../../src/etcd/transport/traffic-classes.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import type { Transport } from '../../../../src/etcd/transport/transport.js';
import { callerFor } from '../../../support/caller.js';
import { eventually } from '../../../support/raw-router-server.js';

// nock puts sockets of its own between, and they do not take part in the making of a connection.
beforeAll(() => nock.restore());
afterAll(() => nock.activate());

const RANGE = { key: Buffer.from('k') };
const LEASE = '4c4b000000000001';
/** For each traffic class. */
const SOCKETS = 2;

it('L3: lets reads, renewals and releases through while more waiters than it has connections for hang on etcd', async () => {
  const hanging: ServerResponse[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      if (body.includes(btoa('waiter'))) hanging.push(res);
      else res.end('{"header":{"revision":"1"},"result":{"header":{"revision":"1"},"TTL":"5"}}');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const transportOf = (): Transport =>
    createTransport(
      { socketsMax: SOCKETS, idleSocketsMax: SOCKETS, responseBytesMax: 10_000 },
      createConnector({ connectTimeoutMs: 1_000 }),
    );
  const transport = withTrafficClasses({
    requests: transportOf(),
    waits: transportOf(),
    renewals: transportOf(),
    probes: transportOf(),
    tokens: transportOf(),
    passwords: transportOf(),
  });
  onTestFinished(async () => {
    transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const etcd = createEtcdClient({ pool: new EndpointPool([`127.0.0.1:${port}`]), transport });
  const waiter = (): Caller => ({ ...callerFor(), trafficClass: 'waits' });
  const put = { key: Buffer.from('waiter'), value: Buffer.from('v') };
  const waits = Array.from({ length: 5 * SOCKETS }, () => etcd.put(waiter(), put));
  await eventually(() => hanging.length === SOCKETS);

  const releasing: Caller = { ...callerFor(), trafficClass: 'renewals' };
  const served = [
    ...Array.from({ length: 5 * SOCKETS }, () => etcd.range(callerFor(), RANGE)),
    ...Array.from({ length: 5 * SOCKETS }, () => etcd.leaseKeepAlive(waiter(), LEASE)),
    etcd.leaseRevoke(waiter(), LEASE),
    etcd.range(releasing, RANGE),
  ];
  expect(await Promise.all(served)).toHaveLength(served.length);
  expect(hanging).toHaveLength(SOCKETS);

  const answer = setInterval(() => {
    for (const res of hanging.splice(0)) res.end('{"header":{"revision":"1"}}');
  }, 10);
  await Promise.all(waits);
  clearInterval(answer);
});
