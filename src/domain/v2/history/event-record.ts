// One key describes the last event of the v2 API. It is written in the transaction of the change, so that its value at a revision gives
// watchers the exact event of that revision. The changes of a caller without rights to this key leave no record. For them, watchers receive
// the most similar event.
import type { KeyValue, RequestOp } from '../../../etcd/wire.js';
import { V2_EVENT_RECORD_KEY } from '../../v2-private-keys.js';
import type { Expiration, V2Action, V2Node } from '../tree/node.js';

/** What the keys of the revision do not show. An absent index is the revision itself. */
export interface EventRecord {
  readonly action: V2Action;
  readonly path: string;
  readonly isDirectory: boolean;
  readonly createdIndex?: number | undefined;
  readonly expiration?: Expiration | undefined;
  /** The previous directory. A previous file is in the event of its key. */
  readonly previous?: V2Node | undefined;
  readonly isRefresh?: boolean | undefined;
  /** When the change was made, in milliseconds. The ttl of the previous node is computed for this time. */
  readonly at?: number | undefined;
}

/** The JSON in etcd. Its names differ from those in the code and never change. */
interface StoredRecord extends Omit<EventRecord, 'expiration' | 'previous'> {
  readonly lifetime?: Expiration | undefined;
  readonly previous?: StoredNode | undefined;
}

interface StoredNode extends Omit<V2Node, 'expiration' | 'value' | 'nodes'> {
  readonly lifetime?: Expiration | undefined;
}

export function putEventRecord(event: Omit<EventRecord, 'at'>): RequestOp {
  const value = Buffer.from(JSON.stringify(encode({ ...event, at: Date.now() })));
  return { kind: 'put', put: { key: V2_EVENT_RECORD_KEY, value } };
}

function encode({ expiration, previous, ...record }: EventRecord): StoredRecord {
  return { ...record, lifetime: expiration, previous: previous && encodeNode(previous) };
}

function encodeNode({ path, isDirectory, expiration, ...indexes }: V2Node): StoredNode {
  const { modifiedIndex, createdIndex } = indexes;
  return { path, isDirectory, lifetime: expiration, modifiedIndex, createdIndex };
}

/** Returns `undefined` if the value belongs to another revision or was not written by a gateway. */
export function parseEventRecord(
  kv: KeyValue | undefined,
  revision: number,
): EventRecord | undefined {
  if (kv?.modRevision !== revision) return undefined;
  try {
    const stored = JSON.parse(kv.value.toString('utf8')) as StoredRecord | null;
    return typeof stored?.action === 'string' && typeof stored.path === 'string'
      ? decode(stored)
      : undefined;
  } catch {
    return undefined;
  }
}

function decode({ lifetime, previous, ...record }: StoredRecord): EventRecord {
  return { ...record, expiration: lifetime, previous: previous && decodeNode(previous) };
}

function decodeNode({ lifetime, ...node }: StoredNode): V2Node {
  return { ...node, expiration: lifetime };
}
