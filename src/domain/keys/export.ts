// A whole range at one revision, chunk after chunk: as much as its reader takes, and no more than two chunks in memory.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import { containsKey, nextKey } from '../../etcd/range.js';
import type { KeyRange, KeyValue } from '../../etcd/wire.js';
import { ChunkSize, readChunk, readSized } from './range-chunks.js';
import type { ChunkDeps } from './range-chunks.js';
import type { ReservedKeys } from '../reserved.js';

/** Of keys and values, in one upstream read. */
const CHUNK_BYTES = 1024 * 1024;

export interface ExportDeps extends ChunkDeps {
  readonly reserved: ReservedKeys;
}

export interface ExportRequest {
  readonly range: KeyRange;
  readonly keysOnly?: boolean | undefined;
  /** The present one unless said otherwise. */
  readonly revision?: number | undefined;
  readonly serializable?: boolean | undefined;
}

export interface ExportedChunk {
  readonly kvs: readonly KeyValue[];
  readonly revision: number;
}

/**
 * At least one chunk, which may be empty. What the caller has left of his time is what each upstream read may take: an export as a
 * whole has no limit. Throws `reserved-prefix`, and `revision-compacted`, in the middle too: an export that ends is whole.
 */
export async function* exportKeys(
  caller: Caller,
  deps: ExportDeps,
  request: ExportRequest,
): AsyncGenerator<ExportedChunk> {
  const stepOf = stepsOf(caller);
  const { keysOnly, serializable } = request;
  const pieces = deps.reserved.exportable(request.range);
  const size = new ChunkSize({ isKeysOnly: keysOnly === true });
  let { revision } = request;
  if (pieces.length === 0) {
    const answer = await readChunk(stepOf(), deps, [], { revision });
    yield { kvs: [], revision: revision ?? answer.revision };
  }
  for (const piece of pieces) {
    for (let rest: KeyRange | undefined = piece; rest !== undefined;) {
      const options = { keysOnly, serializable, revision, limit: Infinity };
      const chunk = await readSized(stepOf(), deps, [rest], options, size);
      revision ??= chunk.revision;
      yield { kvs: chunk.kvs, revision };
      rest = chunk.more ? behind(rest, chunk.kvs.at(-1)) : undefined;
      size.learn(chunk.kvs, CHUNK_BYTES);
    }
  }
}

function behind(range: KeyRange, last: KeyValue | undefined): KeyRange | undefined {
  const from = last && nextKey(last.key);
  if (from === undefined || !containsKey(range, from)) return undefined;
  return { key: from, rangeEnd: range.rangeEnd };
}

/** For work of many upstream calls: each has the whole time that the caller gave his request. */
export function stepsOf(caller: Caller): () => Caller {
  const stepMs = remainingMs(caller);
  return () => ({ ...caller, deadline: performance.now() + stepMs });
}
