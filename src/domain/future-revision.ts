// The error for revisions that etcd has not reached, such as those lost when etcd was restored or emptied. It states the newest
// revision, which etcd's own error does not.
import type { Caller } from '../core/caller.js';
import { GatewayError } from '../core/errors.js';
import type { EtcdClient } from '../etcd/client.js';
import { passThrough } from '../etcd/pass-through.js';
import type { RevisionMonitor } from '../etcd/revision-monitor.js';
import type { RangeRequest, RequestOp } from '../etcd/wire.js';
import { readRevision } from './cluster.js';

/** Returns the client with `future-revision` errors that state both revisions. */
export function withNewestRevision(etcd: EtcdClient): EtcdClient {
  const explain = async <T>(
    caller: Caller,
    requested: number | undefined,
    call: Promise<T>,
  ): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      const isAhead = error instanceof GatewayError && error.code === 'future-revision';
      if (!isAhead || requested === undefined) throw error;
      const newest = await readRevision(caller, { etcd }).catch(() => undefined);
      throw newest === undefined || newest >= requested ? error : futureRevision(requested, newest);
    }
  };
  return {
    range: (caller, request) => explain(caller, request.revision, etcd.range(caller, request)),
    txn(caller, request) {
      const revisions = [...request.success, ...request.failure].flatMap(revisionsOf);
      const requested = revisions.length === 0 ? undefined : Math.max(...revisions);
      return explain(caller, requested, etcd.txn(caller, request));
    },
    compact: (caller, revision) => explain(caller, revision, etcd.compact(caller, revision)),
    ...passThrough(etcd, [
      'put',
      'deleteRange',
      'leaseGrant',
      'leaseRevoke',
      'leaseKeepAlive',
      'leaseTimeToLive',
      'leaseLeases',
      'userRoles',
      'userList',
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

function revisionsOf(op: RequestOp): number[] {
  const range: RangeRequest | undefined = op.kind === 'range' ? op.range : undefined;
  return range?.revision === undefined ? [] : [range.revision];
}

/** Returns the newest revision if `revision` is ahead of it. Reads etcd only for a revision that the gateway has not received. Throws if the read fails. */
export async function newestBefore(
  caller: Caller,
  deps: {
    readonly revisionMonitor: Pick<RevisionMonitor, 'revision'>;
    readonly currentRevision: (caller: Caller) => Promise<number>;
  },
  revision: number,
): Promise<number | undefined> {
  if (revision <= deps.revisionMonitor.revision) return undefined;
  const newest = await deps.currentRevision(caller);
  return newest < revision ? newest : undefined;
}

/** `field`: the parameter that contained the revision, if there is only one. */
export function futureRevision(revision: number, newest: number, field?: string): GatewayError {
  const detail = `revision ${revision} does not exist yet: the newest is ${newest}`;
  return new GatewayError('future-revision', {
    detail,
    hint: 'read the current state and continue from its revision; etcd may have been restored from a backup or emptied',
    fields: { newestRevision: newest, ...(field && { errors: [{ pointer: field, detail }] }) },
  });
}
