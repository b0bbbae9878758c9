// Reads a whole range at one revision in chunks. The next chunk is read when the reader takes it, so at most two are in memory.
import { remainingMs } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import { containsKey, nextKey } from '../../etcd/range.js';
import type { KeyRange, KeyValue } from '../../etcd/wire.js';
import { ChunkSize, readChunk, readSized } from './range-chunks.js';
import type { ChunkDeps } from './range-chunks.js';
import type { ReservedKeys } from '../reserved.js';

/** Target size of the keys and values of one upstream read. */
const CHUNK_BYTES = 1024 * 1024;

export interface ExportDeps extends ChunkDeps {
  readonly reserved: ReservedKeys;
}

export interface ExportRequest {
  readonly range: KeyRange;
  readonly keysOnly?: boolean | undefined;
  /** The current revision by default. */
  readonly revision?: number | undefined;
  readonly serializable?: boolean | undefined;
}

export interface ExportedChunk {
  readonly kvs: readonly KeyValue[];
  readonly revision: number;
}

/**
 * Yields at least one chunk, which may be empty. Each upstream read gets the time that the request had left at the start; the export as a
 * whole has no deadline. Throws `reserved-prefix`, and `revision-compacted` even after chunks. An export that returns is complete.
 */
export async function* exportKeys(
  caller: Caller,
  deps: ExportDeps,
  request: ExportRequest,
): AsyncGenerator<ExportedChunk> {
  const stepCaller = callerForSteps(caller);
  const { keysOnly, serializable } = request;
  const pieces = deps.reserved.exportable(request.range);
  const size = new ChunkSize({ isKeysOnly: keysOnly === true });
  let { revision } = request;
  if (pieces.length === 0) {
    const response = await readChunk(stepCaller(), deps, [], { revision });
    yield { kvs: [], revision: revision ?? response.revision };
  }
  for (const piece of pieces) {
    for (let rest: KeyRange | undefined = piece; rest !== undefined;) {
      const options = { keysOnly, serializable, revision, limit: Infinity };
      const chunk = await readSized(stepCaller(), deps, [rest], options, size);
      revision ??= chunk.revision;
      yield { kvs: chunk.kvs, revision };
      rest = chunk.more ? rangeAfter(rest, chunk.kvs.at(-1)) : undefined;
      size.adapt(chunk.kvs, CHUNK_BYTES);
    }
  }
}

function rangeAfter(range: KeyRange, last: KeyValue | undefined): KeyRange | undefined {
  const from = last && nextKey(last.key);
  if (from === undefined || !containsKey(range, from)) return undefined;
  return { key: from, rangeEnd: range.rangeEnd };
}

/** Returns a function for work of many upstream calls: each call gets the time that the request has left now. */
export function callerForSteps(caller: Caller): () => Caller {
  const stepMs = remainingMs(caller);
  return () => ({ ...caller, deadline: performance.now() + stepMs });
}
