// Asks etcd what a user may do, without doing any of it.
import type { Caller } from '../../caller.js';
import { GatewayError } from '../../errors.js';
import type { EtcdClient } from '../client.js';
import { prefixRange } from '../range.js';
import type { RequestOp } from '../wire.js';

export type RightsClient = Pick<EtcdClient, 'txn' | 'userRoles' | 'userList'>;

/** etcd gives all rights to whoever has this role; it cannot be made to mean less. */
const ROOT_ROLE = 'root';
const ANY_PUT: RequestOp = { kind: 'put', put: { key: Buffer.from('\0') } };
const EVERYTHING: RequestOp = {
  kind: 'range',
  range: { ...prefixRange(Buffer.alloc(0)), limit: 1, keysOnly: true },
};

/**
 * Throws `permission-denied` unless the caller may do all of it. Nothing is done: without a comparison a transaction never takes its
 * failure branch, but etcd checks both. While its NOSPACE alarm is up etcd before 3.6 checks reads alone, but no version takes a put
 * then, not even in a branch that is never taken: `out-of-space` for everybody but root where one is among the operations.
 */
export async function askForRights(
  caller: Caller,
  etcd: RightsClient,
  operations: readonly RequestOp[],
): Promise<void> {
  try {
    await etcd.txn(caller, { compare: [], success: [], failure: operations });
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'out-of-space') throw error;
    if (!(await isRoot(caller, etcd))) throw nobodyToldUnderAlarm(error);
  }
}

/**
 * Throws `out-of-space` for a user of etcd who is not root while its NOSPACE alarm is up. For calls that delete what only etcd knows; an
 * alarm that is raised between this and the call is not seen.
 */
export async function refuseUnderAlarm(caller: Caller, etcd: RightsClient): Promise<void> {
  if (caller.identity.login === undefined) return;
  try {
    await askForRights(caller, etcd, [ANY_PUT]);
  } catch (error) {
    // Rights are looked at, and he has none to this key.
    if (!(error instanceof GatewayError) || error.code !== 'permission-denied') throw error;
  }
}

/**
 * Throws `permission-denied` for a user of etcd who is not root. Before 3.4.42, 3.5.28 and 3.6.9 etcd lets anybody compact, raise alarms
 * and choose the leader.
 */
export async function requireRoot(caller: Caller, etcd: RightsClient): Promise<void> {
  if (caller.identity.login === undefined || (await isRoot(caller, etcd))) return;
  throw new GatewayError('permission-denied', { detail: 'etcd gives this to its root alone' });
}

function nobodyToldUnderAlarm(cause: GatewayError): GatewayError {
  return new GatewayError('out-of-space', {
    detail:
      "while its NOSPACE alarm is up etcd does not say what a user may change: until then deletes are root's",
    hint: cause.hint ?? 'put out the alarm',
    cause,
  });
}

/**
 * A token does not tell whose it is: its owner is root if etcd tells him all users and lets him read everything. While the NOSPACE alarm
 * is up the former is told to everybody (seen on 3.4.23, 3.5.16 and 3.5.30), so that who may read everything is taken for root then.
 */
async function isRoot(caller: Caller, etcd: RightsClient): Promise<boolean> {
  const { login } = caller.identity;
  if (login?.kind === 'user') return (await etcd.userRoles(caller, login.name)).includes(ROOT_ROLE);
  try {
    await etcd.userList(caller);
    await etcd.txn(caller, { compare: [], success: [], failure: [EVERYTHING] });
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'permission-denied') return false;
    throw error;
  }
}
