// /v1/cluster and /v1/compaction: the etcd behind the gateway, for people who look after it.
import { Router } from 'express';
import { compactHistory, readCluster } from '../../domain/cluster.js';
import type { ClusterView, MemberView } from '../../domain/cluster.js';
import type { EtcdClient } from '../../etcd/client.js';
import { readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { Validator } from '../contract/validate.js';
import { sendJson } from './entry-body.js';
import { queryOf } from './range-query.js';

export interface ClusterRouterDeps {
  readonly etcd: EtcdClient;
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

export function createClusterRouter(deps: ClusterRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = deps.bodies.small();
  router.get('/v1/cluster', async (req, res) => {
    deps.validator.operation('getCluster').query(queryOf(req));
    sendJson(res, toClusterBody(await readCluster(contextOf(req).caller, deps)));
  });
  router.post('/v1/compaction', body, async (req, res) => {
    const operation = deps.validator.operation('compact');
    operation.query(queryOf(req));
    const { revision } = operation.body(readJson(req)) as { revision: number };
    await compactHistory(contextOf(req).caller, deps, revision);
    sendJson(res, { revision });
  });
  return router;
}

function toClusterBody(cluster: ClusterView): Record<string, unknown> {
  const { clusterId, revision, hasQuorum, leader, members, alarms, unreachable } = cluster;
  return {
    clusterId,
    revision,
    quorum: hasQuorum,
    leader: leader ?? null,
    members: members.map(toMemberBody),
    alarms: alarms?.map(({ memberId, alarm }) => ({ member: memberId, alarm })) ?? null,
    unreachable,
  };
}

function toMemberBody(member: MemberView): Record<string, unknown> {
  const { id, name, peerUrls, clientUrls, isLearner, isLeader, isReachable, isHealthy, status } =
    member;
  return {
    id,
    name,
    peerUrls,
    clientUrls,
    learner: isLearner,
    leader: isLeader,
    reachable: isReachable,
    healthy: isHealthy,
    ...(status !== undefined && {
      version: status.version,
      dbSize: status.dbSizeBytes,
      dbSizeInUse: status.dbSizeInUseBytes,
      raftTerm: status.raftTerm,
      raftIndex: status.raftIndex,
      errors: status.errors,
    }),
  };
}
