// The comparisons of compareAndSwap and compareAndDelete: with the value, the index, or both.
import type { Caller } from '../../../core/caller.js';
import { modRevisionIs } from '../../../etcd/compare.js';
import type { Compare } from '../../../etcd/wire.js';
import type { Chain, ChainDeps } from '../tree/path-snapshot.js';
import { nodeError, v2Error } from '../errors.js';
import { fileKey } from '../tree/path.js';
import { refuseMissing } from '../tree/checks.js';
import { textOfBytes } from '../tree/utf8.js';

/** What must be true of a file; an empty value and the index 0 ask nothing. */
export interface Comparison {
  readonly prevValue: Buffer;
  readonly prevIndex: bigint;
}

/** Throws what a comparison of v2 fails with; gives what makes etcd check that it still holds. */
export async function compareFile(
  caller: Caller,
  deps: ChainDeps,
  chain: Chain,
  { prevValue, prevIndex }: Comparison,
): Promise<Compare> {
  await refuseMissing(caller, deps, chain);
  const { file, path } = chain.node;
  const { revision } = chain.header;
  if (file === undefined) throw nodeError('notAFile', path, revision);
  const isValue = prevValue.length === 0 || prevValue.equals(file.value);
  const isIndex = prevIndex === 0n || prevIndex === BigInt(file.modRevision);
  if (isValue && isIndex) return modRevisionIs(fileKey(path), file.modRevision);
  const values = `[${textOfBytes(prevValue)} != ${textOfBytes(file.value)}]`;
  const indexes = `[${prevIndex} != ${file.modRevision}]`;
  const parts = [
    ...(isIndex && !isValue ? [values] : []),
    ...(isValue && !isIndex ? [indexes] : []),
  ];
  throw v2Error('compareFailed', parts[0] ?? `${values} ${indexes}`, revision);
}
