// One key: read, write, delete, with conditions as single transactions.
import type { Caller } from '../caller.js';
import { isAbsent, isPresent, modRevisionIs } from '../etcd/compare.js';
import type { EtcdClient } from '../etcd/client.js';
import type { Compare, KeyValue, RequestOp, ResponseOp } from '../etcd/wire.js';
import type { ReservedKeys } from './reserved.js';

export interface KvDeps {
  readonly etcd: EtcdClient;
  readonly reserved: ReservedKeys;
}

/** What must be true of the key for a write to happen. */
export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'modRevision'; readonly modRevision: number };

export interface KeyRead {
  readonly key: Buffer;
  /** Read the past; `revision-compacted` when it is gone. */
  readonly revision?: number | undefined;
  /** Ask the nearest member without a quorum: may be stale. */
  readonly serializable?: boolean | undefined;
}

export interface KeyFound {
  readonly entry: KeyValue | undefined;
  /** The store's revision: a watch from the next one misses nothing. */
  readonly revision: number;
}

export async function getKey(caller: Caller, deps: KvDeps, read: KeyRead): Promise<KeyFound> {
  deps.reserved.refuseRead(read.key);
  const { key, revision, serializable } = read;
  const answer = await deps.etcd.range(caller, { key, revision, serializable });
  return { entry: answer.kvs[0], revision: answer.header.revision };
}

/** A write that its condition refused changed nothing; `current` is what stands in its way. */
export type Written =
  | {
      readonly kind: 'done';
      readonly revision: number;
      readonly previous: KeyValue | undefined;
      readonly deleted: number;
    }
  | { readonly kind: 'refused'; readonly revision: number; readonly current: KeyValue | undefined };

export interface KeyPut {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly condition?: Condition | undefined;
  /** Also tell what was there before. */
  readonly previous?: boolean | undefined;
}

/** Stores a value and detaches any lease (etcd's rule). Not promised: that two plain writes carry different revisions. */
export async function putKey(caller: Caller, deps: KvDeps, write: KeyPut): Promise<Written> {
  deps.reserved.refuseWrite(write.key);
  const put = { key: write.key, value: write.value, prevKv: write.previous };
  return conditionally(caller, deps, write.key, write.condition, { kind: 'put', put });
}

export interface KeyDelete {
  readonly key: Buffer;
  readonly condition?: Condition | undefined;
  readonly previous?: boolean | undefined;
}

/** `deleted` is 0 when there was no such key. */
export async function deleteKey(caller: Caller, deps: KvDeps, write: KeyDelete): Promise<Written> {
  deps.reserved.refuseWrite(write.key);
  const deleteRange = { key: write.key, prevKv: write.previous };
  return conditionally(caller, deps, write.key, write.condition, {
    kind: 'deleteRange',
    deleteRange,
  });
}

async function conditionally(
  caller: Caller,
  deps: KvDeps,
  key: Buffer,
  condition: Condition | undefined,
  op: RequestOp & { kind: 'put' | 'deleteRange' },
): Promise<Written> {
  if (condition === undefined) {
    return op.kind === 'put'
      ? toWritten({ kind: 'put', put: await deps.etcd.put(caller, op.put) })
      : toWritten({
          kind: 'deleteRange',
          deleteRange: await deps.etcd.deleteRange(caller, op.deleteRange),
        });
  }
  const answer = await deps.etcd.txn(caller, {
    compare: [toCompare(key, condition)],
    success: [op],
    failure: [{ kind: 'range', range: { key } }],
  });
  const { revision } = answer.header;
  const [response] = answer.responses;
  if (!answer.succeeded) {
    return {
      kind: 'refused',
      revision,
      current: response?.kind === 'range' ? response.range.kvs[0] : undefined,
    };
  }
  return { ...toWritten(response), revision };
}

function toWritten(response: ResponseOp | undefined): Extract<Written, { kind: 'done' }> {
  switch (response?.kind) {
    case 'put': {
      const { header, prevKv } = response.put;
      return { kind: 'done', revision: header.revision, previous: prevKv, deleted: 0 };
    }
    case 'deleteRange': {
      const { header, deleted, prevKvs } = response.deleteRange;
      return { kind: 'done', revision: header.revision, previous: prevKvs[0], deleted };
    }
    default:
      return { kind: 'done', revision: 0, previous: undefined, deleted: 0 };
  }
}

function toCompare(key: Buffer, condition: Condition): Compare {
  switch (condition.kind) {
    case 'absent':
      return isAbsent(key);
    case 'present':
      return isPresent(key);
    case 'modRevision':
      return modRevisionIs(key, condition.modRevision);
  }
}
