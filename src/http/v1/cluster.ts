// /v1/cluster and /v1/compaction: the etcd behind the gateway, for its operators.
import { Router } from 'express';
import { compactHistory, readCluster } from '../../domain/cluster.js';
import type { ClusterView, MemberView } from '../../domain/cluster.js';
import type { EtcdClient } from '../../etcd/client.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import { readParameters, readRequest } from '../contract/documented-request.js';
import type { Schema } from '../contract/operation-types.js';
import type { Validator } from '../contract/validate.js';
import { sendJson } from './responses.js';

export interface ClusterRouterDeps {
  readonly etcd: EtcdClient;
  readonly validator: Validator;
  readonly bodies: BodyReaders;
}

export function createClusterRouter(deps: ClusterRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/v1/cluster', async (req, res) => {
    readParameters(req, deps.validator.operation('getCluster'));
    sendJson(res, toClusterBody(await readCluster(contextOf(req).caller, deps)));
  });
  router.post('/v1/compaction', deps.bodies.small(), async (req, res) => {
    const { revision } = readRequest(req, deps.validator.operation('compact')).body;
    await compactHistory(contextOf(req).caller, deps, revision);
    sendJson(res, { revision });
  });
  return router;
}

function toClusterBody(cluster: ClusterView): Schema<'Cluster'> {
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

function toMemberBody(member: MemberView): Schema<'Cluster'>['members'][number] {
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
