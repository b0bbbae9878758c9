// The condition of compareAndSwap and compareAndDelete: on the value, the index, or both.
import type { Caller } from '../../../core/caller.js';
import { modRevisionIs } from '../../../etcd/compare.js';
import type { Compare } from '../../../etcd/wire.js';
import { nodeError, v2Error } from '../errors.js';
import { requireNode } from '../tree/checks.js';
import type { PathSnapshot, SnapshotDeps } from '../tree/path-snapshot.js';
import { fileKey } from '../tree/path.js';
import { decodeUtf8 } from '../tree/utf8.js';

/** An empty value and the index 0 match every file. */
export interface NodeComparison {
  readonly prevValue: Buffer;
  readonly prevIndex: bigint;
}

/** Returns the compare that makes etcd reject the write if the file has changed since. Throws `compareFailed` and other v2 errors. */
export async function checkComparison(
  caller: Caller,
  deps: SnapshotDeps,
  snapshot: PathSnapshot,
  { prevValue, prevIndex }: NodeComparison,
): Promise<Compare> {
  await requireNode(caller, deps, snapshot);
  const { file, path } = snapshot.node;
  const { revision } = snapshot.header;
  if (file === undefined) throw nodeError('notAFile', path, revision);
  const isValueEqual = prevValue.length === 0 || prevValue.equals(file.value);
  const isIndexEqual = prevIndex === 0n || prevIndex === BigInt(file.modRevision);
  if (isValueEqual && isIndexEqual) return modRevisionIs(fileKey(path), file.modRevision);
  const values = `[${decodeUtf8(prevValue)} != ${decodeUtf8(file.value)}]`;
  const indexes = `[${prevIndex} != ${file.modRevision}]`;
  throw v2Error('compareFailed', causeOf(isValueEqual, isIndexEqual, values, indexes), revision);
}

function causeOf(
  isValueEqual: boolean,
  isIndexEqual: boolean,
  values: string,
  indexes: string,
): string {
  if (isIndexEqual) return values;
  return isValueEqual ? indexes : `${values} ${indexes}`;
}
