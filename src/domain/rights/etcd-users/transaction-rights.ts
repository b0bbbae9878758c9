// Checks those rights of a user that etcd does not always check: all that is nested in a transaction (before 3.4.42, 3.5.28 and 3.6.9;
// seen on 3.4.23 and 3.5.16, where keys of others were read, written and deleted that way), the right to read what a put gives back as
// previous (before 3.4.44, 3.5.30 and 3.6.11), and deletes while the NOSPACE alarm is up (before 3.6). They are
// asked for at the top of another transaction first, in a branch that is never taken. What this cannot see is a right that is taken away
// between the two.
import type { Caller } from '../../../core/caller.js';
import { beforeWrite } from '../../../etcd/calls/outcome.js';
import type { EtcdClient } from '../../../etcd/client.js';
import { passThrough } from '../../../etcd/pass-through.js';
import { OPERATIONS_TOGETHER_MAX } from '../../../etcd/wire.js';
import type { DeleteRangeRequest, KeyRange, RequestOp, TxnRequest } from '../../../etcd/wire.js';
import type { AlarmRights } from './alarm-rights.js';
import { checkRights } from './check-rights.js';

/**
 * The same client; of a caller with rights of his own `txn` and `deleteRange` throw `permission-denied` for what goes beyond them. On an
 * etcd that does not look at rights while the NOSPACE alarm is up, deletes are root's then: `out-of-space` for all others.
 */
export function withTransactionRights(
  etcd: EtcdClient,
  alarm: Pick<AlarmRights, 'areChecked'>,
): EtcdClient {
  const check = async (caller: Caller, operations: readonly RequestOp[]): Promise<void> => {
    const unchecked = uncheckedIn(operations, await alarm.areChecked(caller));
    await beforeWrite(askFor(caller, etcd, unchecked));
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

/** Puts last: what they find of the alarm is true of all that was asked before. Apart: etcd takes no put beside a delete of its key. */
async function askFor(caller: Caller, etcd: EtcdClient, all: readonly RequestOp[]): Promise<void> {
  const puts = all.filter(({ kind }) => kind === 'put');
  const others = all.filter(({ kind }) => kind !== 'put');
  for (const operations of [others, uniqueByKey(puts)]) {
    for (let done = 0; done < operations.length; done += OPERATIONS_TOGETHER_MAX) {
      await checkRights(caller, etcd, operations.slice(done, done + OPERATIONS_TOGETHER_MAX));
    }
  }
}

/** Of operations at the top of a transaction, or alone: what etcd may do without looking at rights. */
function uncheckedIn(operations: readonly RequestOp[], areChecked: boolean): RequestOp[] {
  return operations.flatMap((op) => {
    switch (op.kind) {
      case 'txn':
        return everythingIn(op.txn, areChecked);
      case 'deleteRange':
        return areChecked ? [] : deletionUnderAlarm(op.deleteRange);
      case 'put':
        return readBack(op);
      case 'range':
        return [];
    }
  });
}

/** What it compares, as reads, and what both branches do, at whatever depth. Rights are those of keys: values need not travel twice. */
function everythingIn({ compare, success, failure }: TxnRequest, areChecked: boolean): RequestOp[] {
  const operations = [...success, ...failure].flatMap((op): RequestOp[] => {
    switch (op.kind) {
      case 'txn':
        return everythingIn(op.txn, areChecked);
      case 'deleteRange':
        return areChecked ? [op] : deletionUnderAlarm(op.deleteRange);
      case 'put':
        return [{ kind: 'put', put: { key: op.put.key } }, ...readBack(op)];
      case 'range':
        return [readOf(op.range)];
    }
  });
  return [...compare.map(({ key, rangeEnd }) => readOf({ key, rangeEnd })), ...operations];
}

/** The right to delete a key is the right to put it, and a put is what no etcd takes while the alarm is up. */
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
