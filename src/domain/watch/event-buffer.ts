// Buffers the recent events of one upstream watch for watchers that join later. Contains whole revisions and has limits.
import { sizeOfEvent } from '../../etcd/watch/event-size.js';
import type { WatchEvent } from '../../etcd/wire.js';

const EVENTS_MAX = 2_000;
const BYTES_MAX = 4 * 1024 * 1024;
/** For all buffers that share a budget. */
const ALL_BYTES_MAX = 64 * 1024 * 1024;

/** The bytes in all buffers that share it. */
export interface BufferBudget {
  bytes: number;
}

export class EventBuffer {
  readonly #budget: BufferBudget;
  #events: WatchEvent[] = [];
  #bytes = 0;
  #from: number;

  constructor(budget: BufferBudget, from: number) {
    this.#budget = budget;
    this.#from = from;
  }

  /** The buffer contains every event after this revision. */
  get from(): number {
    return this.#from;
  }

  get events(): readonly WatchEvent[] {
    return this.#events;
  }

  /** Takes whole revisions, newer than all in the buffer. */
  push(events: readonly WatchEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      this.#count(sizeOfEvent(event));
    }
    if (this.#budget.bytes > ALL_BYTES_MAX) this.#cutTo(0, 0);
    // Cuts to half, so that not every event causes a cut.
    else if (this.#events.length > EVENTS_MAX || this.#bytes > BYTES_MAX)
      this.#cutTo(EVENTS_MAX / 2, BYTES_MAX / 2);
  }

  /** Empties the buffer. Later events must be newer than `from`. */
  restart(from: number): void {
    this.#cutTo(0, 0);
    this.#from = from;
  }

  #cutTo(eventsMax: number, bytesMax: number): void {
    let cut = 0;
    for (const event of this.#events) {
      const isWithin = this.#events.length - cut <= eventsMax && this.#bytes <= bytesMax;
      // A revision that loses one event is removed as a whole.
      if (isWithin && event.kv.modRevision !== this.#from) break;
      this.#from = event.kv.modRevision;
      this.#count(-sizeOfEvent(event));
      cut++;
    }
    this.#events = this.#events.slice(cut);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.bytes += bytes;
  }
}
