// Asks etcd what a user may do, without doing any of it.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { prefixRange } from '../../../etcd/range.js';
import type { KeyRange, RequestOp } from '../../../etcd/wire.js';

export type RightsClient = Pick<EtcdClient, 'txn' | 'userRoles' | 'userList'>;

/** etcd gives all rights to whoever has this role; it cannot be made to mean less. */
const ROOT_ROLE = 'root';
const EVERYTHING: KeyRange = prefixRange(Buffer.alloc(0));
const ALL_RIGHTS: readonly RequestOp[] = [
  { kind: 'range', range: { ...EVERYTHING, limit: 1, keysOnly: true } },
  { kind: 'put', put: { key: EVERYTHING.key } },
];

/**
 * Throws `permission-denied` unless the caller may do all of it. Nothing is done: without a comparison a transaction never takes its
 * failure branch, but etcd checks both. While its NOSPACE alarm is up etcd before 3.6 checks reads alone, but no version takes a put
 * then, not even in a branch that is never taken: `out-of-space` for everybody but root where one is among the operations. As any put
 * does, one that is asked for raises that alarm when the database is full.
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
 * Throws `permission-denied` for a user of etcd who is not root. Before 3.4.42, 3.5.28 and 3.6.9 etcd lets anybody compact, raise alarms
 * and choose the leader. A token does not tell whose it is: its owner is root if etcd tells him all users and gives him all rights;
 * before 3.6 it tells everybody while the NOSPACE alarm is up, so that nobody is believed to be root for his token then (`out-of-space`).
 */
export async function requireRoot(caller: Caller, etcd: RightsClient): Promise<void> {
  const { login } = caller.identity;
  if (login === undefined) return;
  if (login.kind !== 'user') {
    await etcd.userList(caller);
    await checkRights(caller, etcd, ALL_RIGHTS);
  } else if (!(await hasRootRole(caller, etcd, login.name))) {
    throw new GatewayError('permission-denied', { detail: 'etcd gives this to its root alone' });
  }
}

async function hasRootRole(caller: Caller, etcd: RightsClient, name: string): Promise<boolean> {
  return (await etcd.userRoles(caller, name)).includes(ROOT_ROLE);
}

export function isOutOfSpace(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'out-of-space';
}

const TOKEN_HINT = 'root comes with his name and password, to put out the alarm too';

function rightsUnknownUnderAlarm(cause: GatewayError, hint = cause.hint): GatewayError {
  return new GatewayError('out-of-space', {
    detail:
      "while its NOSPACE alarm is up etcd does not say what a user may change: until then deletes are root's",
    ...(hint !== undefined && { hint }),
    cause,
  });
}
