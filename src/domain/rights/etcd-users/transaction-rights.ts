// Checks the rights of an etcd user that some versions of etcd do not check:
// - operations in nested transactions (before 3.4.42, 3.5.28 and 3.6.9; on 3.4.23 and 3.5.16 they read, write and delete keys of others);
// - the right to read the previous value that a put returns (before 3.4.44, 3.5.30 and 3.6.11);
// - deletes while the NOSPACE alarm is raised (before 3.6).
// The operations are first sent at the top level of another transaction, in a branch that is never taken. A right that is revoked between
// the check and the call is not detected.
import type { Caller } from '../../../core/caller.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { passThrough } from '../../../etcd/pass-through.js';
import { OPERATIONS_TOGETHER_MAX } from '../../../etcd/wire.js';
import type { DeleteRangeRequest, KeyRange, RequestOp, TxnRequest } from '../../../etcd/wire.js';
import type { AlarmRights } from './alarm-rights.js';
import { checkRights } from './check-rights.js';

/**
 * Returns a client whose `txn` and `deleteRange` throw `permission-denied` if the etcd user lacks a right. On an etcd that checks no rights
 * while the NOSPACE alarm is raised, only root may delete then, and all others get `out-of-space`.
 */
export function withTransactionRights(
  etcd: EtcdClient,
  alarm: Pick<AlarmRights, 'areRightsChecked'>,
): EtcdClient {
  const check = async (caller: Caller, operations: readonly RequestOp[]): Promise<void> => {
    const unchecked = uncheckedIn(operations, await alarm.areRightsChecked(caller));
    await beforeWrite(checkInBatches(caller, etcd, unchecked));
  };
  return {
    async deleteRange(caller, deleteRange) {
      if (caller.identity.login !== undefined)
        await check(caller, [{ kind: 'deleteRange', deleteRange }]);
      return etcd.deleteRange(caller, deleteRange);
    },
    async txn(caller, request) {
      if (caller.identity.login !== undefined)
        await check(caller, [...request.success, ...request.failure]);
      return etcd.txn(caller, request);
    },
    ...passThrough(etcd, [
      'range',
      'put',
      'leaseGrant',
      'leaseRevoke',
      'leaseKeepAlive',
      'leaseTimeToLive',
      'leaseLeases',
      'userRoles',
      'userList',
      'compact',
      'members',
      'membersAt',
      'memberAdd',
      'memberUpdate',
      'memberRemove',
      'alarms',
      'statuses',
      'version',
      'status',
      'health',
    ]),
  };
}

/**
 * Puts come last, because a put detects an alarm that made etcd skip the checks before it. They are sent separately, because etcd rejects
 * a put and a delete of one key in one transaction.
 */
async function checkInBatches(
  caller: Caller,
  etcd: EtcdClient,
  all: readonly RequestOp[],
): Promise<void> {
  const puts = all.filter(({ kind }) => kind === 'put');
  const others = all.filter(({ kind }) => kind !== 'put');
  for (const operations of [others, uniqueByKey(puts)]) {
    for (let done = 0; done < operations.length; done += OPERATIONS_TOGETHER_MAX) {
      await checkRights(caller, etcd, operations.slice(done, done + OPERATIONS_TOGETHER_MAX));
    }
  }
}

/** Returns the operations, of those at the top level, whose rights etcd may not check. */
function uncheckedIn(operations: readonly RequestOp[], areRightsChecked: boolean): RequestOp[] {
  return operations.flatMap((op) => {
    switch (op.kind) {
      case 'txn':
        return allOperationsIn(op.txn, areRightsChecked);
      case 'deleteRange':
        return areRightsChecked ? [] : deletionUnderAlarm(op.deleteRange);
      case 'put':
        return readBack(op);
      case 'range':
        return [];
    }
  });
}

/** Returns the comparisons, as reads, and all operations of both branches at any depth. Without values, because rights depend on keys only. */
function allOperationsIn(
  { compare, success, failure }: TxnRequest,
  areRightsChecked: boolean,
): RequestOp[] {
  const operations = [...success, ...failure].flatMap((op): RequestOp[] => {
    switch (op.kind) {
      case 'txn':
        return allOperationsIn(op.txn, areRightsChecked);
      case 'deleteRange':
        return areRightsChecked ? [op] : deletionUnderAlarm(op.deleteRange);
      case 'put':
        return [{ kind: 'put', put: { key: op.put.key } }, ...readBack(op)];
      case 'range':
        return [readOf(op.range)];
    }
  });
  return [...compare.map(({ key, rangeEnd }) => readOf({ key, rangeEnd })), ...operations];
}

/** The right to delete a key is the right to put it, and every version of etcd rejects a put while the alarm is raised. */
function deletionUnderAlarm(deleteRange: DeleteRangeRequest): RequestOp[] {
  const put: RequestOp = { kind: 'put', put: { key: deleteRange.key } };
  const isOneKey = deleteRange.rangeEnd === undefined && deleteRange.prevKv !== true;
  return isOneKey ? [put] : [{ kind: 'deleteRange', deleteRange }, put];
}

function readBack(op: RequestOp): RequestOp[] {
  return op.kind === 'put' && op.put.prevKv === true ? [readOf({ key: op.put.key })] : [];
}

function readOf({ key, rangeEnd }: KeyRange): RequestOp {
  return { kind: 'range', range: { key, rangeEnd, limit: 1, keysOnly: true } };
}

function uniqueByKey(operations: readonly RequestOp[]): RequestOp[] {
  const byKey = new Map(
    operations.map((op) => [op.kind === 'put' ? op.put.key.toString('latin1') : '', op]),
  );
  return [...byKey.values()];
}
