// A listener that records events as strings that are easy to compare.
import type { WatchEnd, WatchListener } from '../../src/etcd/watch/watch-listener.js';
import type { WatchEvent } from '../../src/etcd/wire.js';
import { eventually } from './raw-router-server.js';

export interface WatchRecorder extends WatchListener {
  readonly created: readonly number[];
  /** One list for each call. */
  readonly calls: readonly (readonly WatchEvent[])[];
  readonly events: readonly WatchEvent[];
  /** `key@revision`, `-key@revision` for a deletion. */
  readonly names: readonly string[];
  readonly progress: readonly { readonly revision: number; readonly isPeriodic: boolean }[];
  readonly ends: readonly WatchEnd[];
  untilCreated(): Promise<number>;
  untilEvents(count: number): Promise<void>;
  untilEnd(limitMs?: number): Promise<WatchEnd>;
}

export function recordWatch(onEnd?: (end: WatchEnd) => void): WatchRecorder {
  const created: number[] = [];
  const calls: (readonly WatchEvent[])[] = [];
  const progress: { revision: number; isPeriodic: boolean }[] = [];
  const ends: WatchEnd[] = [];
  return {
    created,
    calls,
    progress,
    ends,
    get events() {
      return calls.flat();
    },
    get names() {
      return calls.flat().map(nameOf);
    },
    onCreated: (revision) => created.push(revision),
    onEvents: (events) => calls.push(events),
    onProgress: (revision, isPeriodic) => progress.push({ revision, isPeriodic }),
    onEnd: (end) => {
      ends.push(end);
      onEnd?.(end);
    },
    async untilCreated() {
      await eventually(() => created.length > 0);
      return created[0]!;
    },
    untilEvents: (count) => eventually(() => calls.flat().length >= count),
    async untilEnd(limitMs) {
      await eventually(() => ends.length > 0, limitMs);
      return ends[0]!;
    },
  };
}

function nameOf({ kind, kv }: WatchEvent): string {
  return `${kind === 'delete' ? '-' : ''}${kv.key.toString()}@${kv.modRevision}`;
}
