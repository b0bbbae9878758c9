// Requests out of openapi/etcd-v3.yaml at the raw door: no 5xx that etcd itself does not give to the same request.
import type fc from 'fast-check';
import { loadDocument } from '../../src/http/contract/validate.js';
import type { Verdict } from './friendly-leg.js';
import { ETCD_POOLS } from './pools.js';
import { requestsTo } from './request.js';
import type { FuzzRequest } from './request.js';
import { SchemaValues } from './schema-values.js';
import { describe, sendFuzz } from './sender.js';

/** Whoever may do these can lock the test out, end its member, or fill its disk. */
const EXCLUDED = [
  'authEnable',
  'authDisable',
  'authUserAdd',
  'authUserDelete',
  'authUserChangePassword',
  'authUserGrantRole',
  'authUserRevokeRole',
  'authRoleAdd',
  'authRoleDelete',
  'authRoleGrantPermission',
  'authRoleRevokePermission',
  'clusterMemberAdd',
  'clusterMemberUpdate',
  'clusterMemberPromote',
  'clusterMemberRemove',
  'maintenanceAlarm',
  'maintenanceSnapshot',
  'maintenanceDowngrade',
  'maintenanceDefragment',
];
/** etcd ends by itself what would wait for ever. */
const TIMEOUT = '200m';
/** What the request met has changed meanwhile, by other requests of the fuzz: a difference has to stay. */
const LOOKS = 3;

const document = loadDocument('etcd-v3');
const values = new SchemaValues(document, ETCD_POOLS);

export const etcdRequests: fc.Arbitrary<FuzzRequest> = requestsTo(document, values, EXCLUDED)
  // Other methods and paths, and other sites, are the gates' business: etcd has none.
  .filter(({ isAstray }) => !isAstray)
  .map((request) => ({ ...request, headers: { ...request.headers, 'grpc-timeout': TIMEOUT } }));

export async function tryRaw(
  gateway: string,
  etcd: string,
  request: FuzzRequest,
): Promise<Verdict> {
  const { operationId } = request;
  let status: number | 'broken' = 'broken';
  let fault: string | undefined;
  for (let look = 0; look < LOOKS; look++) {
    const answer = await sendFuzz(gateway, request);
    status = answer?.status ?? 'broken';
    if (answer !== undefined && answer.status < 500)
      return { operationId, status, fault: undefined };
    const own = await sendFuzz(etcd, request);
    if (own === undefined || own.status >= 500) return { operationId, status, fault: undefined };
    fault = `${status} ${answer?.text}, but etcd answers ${own.status} ${own.text.slice(0, 200)}\n  to ${describe(request)}`;
  }
  return { operationId, status, fault };
}
