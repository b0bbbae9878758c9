// The lock contract against two gateways over three members: whatever a caller begins at one he can go on with at the other.
import { afterAll, beforeAll } from 'vitest';
import { lockContract } from '../contract/locks.js';
import type { LockTarget } from '../contract/locks/target.js';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import { lockClient } from '../support/lock-client.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';

let cluster: Cluster;
let gateways: Gateway[];
let target: LockTarget;
beforeAll(async () => {
  cluster = await startThreeMembers();
  const args = ['--endpoints', cluster.endpoints.join(','), '--log-level=warn'];
  gateways = [await spawnGateway({ args }), await spawnGateway({ args })];
  target = {
    replicas: gateways.map((gateway) => lockClient(gateway.baseUrl)),
    etcd: new RawEtcd(cluster.endpoints[0]!),
  };
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await cluster.stop();
});

lockContract('locks at two replicas over three members', () => target);
