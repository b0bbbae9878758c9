// Deletes a directory whose ttl has expired. etcd deletes the marker with its lease. The gateway deletes what is left below it, in one
// transaction that watchers receive as `expire`.
import type { Caller } from '../../../core/caller.js';
import { isAbsent, modRevisionIs } from '../../../etcd/compare.js';
import type { RequestOp, TxnRequest } from '../../../etcd/wire.js';
import type { ReservedKeys } from '../../reserved.js';
import { putEventRecord } from '../history/event-record.js';
import { isDenial, isExpired, readPathSnapshot } from '../tree/path-snapshot.js';
import type { SnapshotDeps } from '../tree/path-snapshot.js';
import { expiryRecordKey, markerKey, rangeBelow } from '../tree/path.js';
import { removeSubtreeFromExpiryList, toExpiredDirectory } from './expiry-record.js';

export interface ExpiryDeps extends SnapshotDeps {
  readonly reserved: ReservedKeys;
}

/** `live`: the ttl has not expired yet. `absent`: there is nothing left to delete. */
export type ExpiryResult = 'expired' | 'live' | 'absent';

/** Can be repeated. Of several gateways, one deletes the directory. */
export async function expireDirectory(
  caller: Caller,
  deps: ExpiryDeps,
  path: string,
): Promise<ExpiryResult> {
  const { node } = await readPathSnapshot(caller, deps, path);
  const { expiryRecord } = node;
  if (expiryRecord === undefined) return 'absent';
  if (!isExpired(node)) return 'live';
  const previous = toExpiredDirectory(path, expiryRecord);
  const { createdIndex } = previous;
  const event = { action: 'expire', path, isDirectory: true, createdIndex, previous } as const;
  const deletions = deps.reserved.deletable(rangeBelow(path));
  const request = {
    compare: [
      isAbsent(markerKey(path)),
      modRevisionIs(expiryRecordKey(path), expiryRecord.modRevision),
    ],
    success: deletions.map((deleteRange): RequestOp => ({ kind: 'deleteRange', deleteRange })),
    failure: [],
  };
  const metadata = [putEventRecord(event), ...removeSubtreeFromExpiryList(path)];
  return writeWithMetadata(caller, deps, request, metadata);
}

/** Writes without the metadata if the caller has no right to it. */
async function writeWithMetadata(
  caller: Caller,
  deps: ExpiryDeps,
  request: TxnRequest,
  metadata: readonly RequestOp[],
): Promise<ExpiryResult> {
  try {
    const success = [...request.success, ...metadata];
    const { succeeded } = await deps.etcd.txn(caller, { ...request, success });
    return succeeded ? 'expired' : 'absent';
  } catch (error) {
    if (!isDenial(error) || metadata.length === 0) throw error;
    return writeWithMetadata(caller, deps, request, []);
  }
}
