// Three members whose data are replaced under the gateway, all at once: a cluster that is restored keeps its IDs.
import { afterAll, beforeAll } from 'vitest';
import { restoredEtcdContract } from '../contract/restored-etcd.js';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startThreeMembers();
});
afterAll(() => cluster.stop());

restoredEtcdContract('F54: three members', () => cluster);
