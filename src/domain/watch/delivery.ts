// Selects the events in a watcher's range and numbers them within their revision. Pure.
import { containsKey } from '../../etcd/range.js';
import type { KeyRange, WatchEvent } from '../../etcd/wire.js';

/** An event for one watcher. `n` counts the events of the revision in the watcher's range, from 1. */
export interface Delivery {
  readonly event: WatchEvent;
  readonly n: number;
}

/** Takes whole revisions, because it counts from 1 in each. */
export function deliveriesIn(
  range: KeyRange,
  events: readonly WatchEvent[],
  isVisible: (key: Buffer) => boolean,
): Delivery[] {
  const deliveries: Delivery[] = [];
  let revision = 0;
  let n = 0;
  for (const event of events) {
    const { key, modRevision } = event.kv;
    if (!containsKey(range, key) || !isVisible(key)) continue;
    n = modRevision === revision ? n + 1 : 1;
    revision = modRevision;
    deliveries.push({ event, n });
  }
  return deliveries;
}
