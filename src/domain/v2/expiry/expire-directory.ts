// The end of a directory whose ttl is over: etcd takes the marker with its lease, and a gateway takes what is left below, in one
// transaction that watchers see as `expire`.
import type { Caller } from '../../../core/caller.js';
import { isAbsent, modRevisionIs } from '../../../etcd/compare.js';
import type { RequestOp, TxnRequest } from '../../../etcd/wire.js';
import type { ReservedKeys } from '../../reserved.js';
import { isDenial, isOver, readChain } from '../tree/path-snapshot.js';
import type { ChainDeps } from '../tree/path-snapshot.js';
import { directoryThatEnded, unlistEndings } from './expiry-record.js';
import { endingKey, insideOf, markerKey } from '../tree/path.js';
import { putRecord } from '../history/event-record.js';

export interface ExpiryDeps extends ChainDeps {
  readonly reserved: ReservedKeys;
}

/** `live`: its ttl is not over yet; `gone`: there is nothing (left) to end. */
export type Ended = 'ended' | 'live' | 'gone';

/** Repeatable: of several gateways one ends it. */
export async function endDirectory(caller: Caller, deps: ExpiryDeps, path: string): Promise<Ended> {
  const { node } = await readChain(caller, deps, path);
  const { ending } = node;
  if (ending === undefined) return 'gone';
  if (!isOver(node)) return 'live';
  const previous = directoryThatEnded(path, ending);
  const { createdIndex } = previous;
  const record = putRecord({ action: 'expire', path, isDirectory: true, createdIndex, previous });
  const remains = deps.reserved.deletable(insideOf(path));
  const request = {
    compare: [isAbsent(markerKey(path)), modRevisionIs(endingKey(path), ending.modRevision)],
    success: remains.map((deleteRange): RequestOp => ({ kind: 'deleteRange', deleteRange })),
    failure: [],
  };
  return writeWithOurs(caller, deps, request, [record, ...unlistEndings(path)]);
}

async function writeWithOurs(
  caller: Caller,
  deps: ExpiryDeps,
  request: TxnRequest,
  ours: readonly RequestOp[],
): Promise<Ended> {
  try {
    const success = [...request.success, ...ours];
    const answer = await deps.etcd.txn(caller, { ...request, success });
    return answer.succeeded ? 'ended' : 'gone';
  } catch (error) {
    if (!isDenial(error) || ours.length === 0) throw error;
    return writeWithOurs(caller, deps, request, []);
  }
}
