// Checks with etcd what a user may do, without doing any of it.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { prefixRange } from '../../../etcd/range.js';
import type { KeyRange, RequestOp } from '../../../etcd/wire.js';

export type RightsClient = Pick<EtcdClient, 'txn' | 'userRoles' | 'userList'>;

/** etcd gives all rights to users with this role; they cannot be limited. */
const ROOT_ROLE = 'root';
const EVERYTHING: KeyRange = prefixRange(Buffer.alloc(0));
const ALL_RIGHTS: readonly RequestOp[] = [
  { kind: 'range', range: { ...EVERYTHING, limit: 1, keysOnly: true } },
  { kind: 'put', put: { key: EVERYTHING.key } },
];

/**
 * Throws `permission-denied` unless the caller may perform all operations. None is performed: without a comparison a transaction never
 * takes its failure branch, but etcd checks the rights to both branches. While the NOSPACE alarm is raised, etcd before 3.6 checks only the
 * rights to reads. But no version accepts a put then, not even in the failure branch: with a put among the operations, every user except
 * root gets `out-of-space`. Like any put, a put that is only checked raises the alarm if the database is full.
 */
export async function checkRights(
  caller: Caller,
  etcd: RightsClient,
  operations: readonly RequestOp[],
): Promise<void> {
  try {
    await etcd.txn(caller, { compare: [], success: [], failure: operations });
  } catch (error) {
    if (!isOutOfSpace(error)) throw error;
    const { login } = caller.identity;
    if (login?.kind !== 'user') throw rightsUnknownUnderAlarm(error, TOKEN_HINT);
    if (!(await hasRootRole(caller, etcd, login.name))) throw rightsUnknownUnderAlarm(error);
  }
}

/**
 * Throws `permission-denied` for an etcd user other than root. Before 3.4.42, 3.5.28 and 3.6.9 etcd lets every user compact, raise alarms
 * and move the leader. A token does not reveal its user, so a token counts as root's if etcd lets it list all users and gives it all
 * rights. Before 3.6 etcd lists users for every token while the NOSPACE alarm is raised, so no token counts as root's then (`out-of-space`).
 */
export async function requireRoot(caller: Caller, etcd: RightsClient): Promise<void> {
  const { login } = caller.identity;
  if (login === undefined) return;
  if (login.kind !== 'user') {
    await etcd.userList(caller);
    await checkRights(caller, etcd, ALL_RIGHTS);
  } else if (!(await hasRootRole(caller, etcd, login.name))) {
    throw new GatewayError('permission-denied', {
      detail: 'only etcd users with the role root may do this',
    });
  }
}

async function hasRootRole(caller: Caller, etcd: RightsClient, name: string): Promise<boolean> {
  return (await etcd.userRoles(caller, name)).includes(ROOT_ROLE);
}

export function isOutOfSpace(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'out-of-space';
}

const TOKEN_HINT = 'authenticate as root with name and password, to clear the alarm as well';

function rightsUnknownUnderAlarm(cause: GatewayError, hint = cause.hint): GatewayError {
  return new GatewayError('out-of-space', {
    detail:
      'etcd does not report write rights while its NOSPACE alarm is raised: until it is cleared, only root may delete',
    ...(hint !== undefined && { hint }),
    cause,
  });
}
