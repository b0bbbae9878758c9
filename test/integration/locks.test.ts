// The lock contract against one gateway and one etcd.
import { inject } from 'vitest';
import { lockContract } from '../contract/locks.js';
import { lockClient } from '../support/lock-client.js';
import { RawEtcd } from '../support/raw-etcd.js';

const target = {
  replicas: [lockClient(inject('gatewayUrl'))],
  etcd: new RawEtcd(inject('etcdEndpoint')),
};

lockContract('locks at one gateway', () => target);
