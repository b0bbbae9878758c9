// One key says what the last change through a v2 door was. It is written in the same transaction as the change, so that its version at a
// revision tells watchers the true action of that revision. Who has no rights to it changes the tree without it: watchers then see the
// nearest action.
import type { KeyValue, RequestOp } from '../../../etcd/wire.js';
import { V2_EVENT_RECORD_KEY } from '../../v2-private-keys.js';
import type { Lifetime, V2Action, V2Node } from '../tree/node.js';

/** What the keys of the revision do not tell by themselves. Indexes that are absent are the revision itself. */
export interface ChangeRecord {
  readonly action: V2Action;
  readonly path: string;
  readonly isDirectory: boolean;
  readonly createdIndex?: number | undefined;
  readonly lifetime?: Lifetime | undefined;
  /** The directory that was there before. What a file was, is in the event of its key. */
  readonly previous?: V2Node | undefined;
  readonly isRefresh?: boolean | undefined;
  /** When it was made, milliseconds: the ttl of what was there before is told as it was then. */
  readonly at?: number | undefined;
}

export function putRecord(change: Omit<ChangeRecord, 'at'>): RequestOp {
  const record: ChangeRecord = { ...change, at: Date.now() };
  return {
    kind: 'put',
    put: { key: V2_EVENT_RECORD_KEY, value: Buffer.from(JSON.stringify(record)) },
  };
}

/** `undefined` when this version is of another revision, or is nothing that we wrote. */
export function recordAt(kv: KeyValue | undefined, revision: number): ChangeRecord | undefined {
  if (kv?.modRevision !== revision) return undefined;
  try {
    const record = JSON.parse(kv.value.toString('utf8')) as ChangeRecord | null;
    return typeof record?.action === 'string' && typeof record.path === 'string'
      ? record
      : undefined;
  } catch {
    return undefined;
  }
}
