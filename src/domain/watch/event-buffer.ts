// The recent events of one upstream watch, for watchers who come a little late: whole revisions, in bounds.
import { sizeOfEvent } from '../../etcd/watch/event-size.js';
import type { WatchEvent } from '../../etcd/wire.js';

const EVENTS_MAX = 2_000;
const BYTES_MAX = 4 * 1024 * 1024;
/** Of all that share a budget. */
const ALL_BYTES_MAX = 64 * 1024 * 1024;

/** What all keepers together hold. */
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

  /** All that came in behind this revision is here. */
  get from(): number {
    return this.#from;
  }

  get events(): readonly WatchEvent[] {
    return this.#events;
  }

  /** Takes whole revisions, newer than all before. */
  push(events: readonly WatchEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      this.#count(sizeOfEvent(event));
    }
    if (this.#budget.bytes > ALL_BYTES_MAX) this.#cutTo(0, 0);
    // To half, so that not every event pays for a cut.
    else if (this.#events.length > EVENTS_MAX || this.#bytes > BYTES_MAX)
      this.#cutTo(EVENTS_MAX / 2, BYTES_MAX / 2);
  }

  /** Forgets everything; what comes in from now on is newer than `from`. */
  restart(from: number): void {
    this.#cutTo(0, 0);
    this.#from = from;
  }

  #cutTo(eventsMax: number, bytesMax: number): void {
    let cut = 0;
    for (const event of this.#events) {
      const isWithin = this.#events.length - cut <= eventsMax && this.#bytes <= bytesMax;
      // A revision of which something went goes whole.
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
