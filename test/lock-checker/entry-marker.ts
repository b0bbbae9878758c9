// Attaches a marker key to the lease of each entry. It shows whether an entry was deleted or its lease ended.
import { EtcdAccess, base64 } from '../harness/etcd-access.js';
import type { KeyEvent } from '../harness/key-event.js';
import { LOCKS, MARKS } from './history.js';

export class EntryMarker {
  /** Key -> create revision of the entries that exist according to the events received so far. */
  readonly alive = new Map<string, number>();
  readonly #etcd: EtcdAccess;

  constructor(endpoints: readonly string[]) {
    this.#etcd = new EtcdAccess(endpoints);
  }

  /** Takes every event of the history in order. */
  onEvent({ key, kind, revision, createRevision, lease }: KeyEvent): void {
    if (!key.startsWith(LOCKS)) return;
    if (kind === 'delete') this.alive.delete(key);
    else this.alive.set(key, createRevision);
    const isNew = kind === 'put' && revision === createRevision;
    if (isNew && lease !== undefined) this.#mark(lease);
  }

  // The put fails when the lease has already ended, which needs no marker.
  #mark(lease: string): void {
    const body = { key: base64(MARKS + lease), value: '', lease };
    this.#etcd.once('/v3/kv/put', body).catch(() => undefined);
  }
}
