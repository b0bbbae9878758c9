// Puts a mark on the lease of each entry, so that a deletion and the end of a lease can be told apart.
import { EtcdAccess, base64 } from '../harness/etcd-access.js';
import type { KeyEvent } from '../harness/key-event.js';
import { LOCKS, MARKS } from './history.js';

export class EntryMarker {
  /** Key -> create revision of the entries that are there, as far as has been heard. */
  readonly alive = new Map<string, number>();
  readonly #etcd: EtcdAccess;

  constructor(endpoints: readonly string[]) {
    this.#etcd = new EtcdAccess(endpoints);
  }

  /** Every event of the history, in its order. */
  hear({ key, kind, revision, createRevision, lease }: KeyEvent): void {
    if (!key.startsWith(LOCKS)) return;
    if (kind === 'delete') this.alive.delete(key);
    else this.alive.set(key, createRevision);
    const isNew = kind === 'put' && revision === createRevision;
    if (isNew && lease !== undefined) this.#mark(lease);
  }

  // A lease that is gone already takes no mark, and needs none.
  #mark(lease: string): void {
    const body = { key: base64(MARKS + lease), value: '', lease };
    this.#etcd.once('/v3/kv/put', body).catch(() => undefined);
  }
}
