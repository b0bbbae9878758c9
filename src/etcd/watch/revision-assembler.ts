// Assembles whole revisions from the messages of one watch: joins the fragments of large messages, and delivers every revision once.
import { GatewayError } from '../../core/errors.js';
import type { WatchEvent, WatchResponse } from '../wire.js';
import { sizeOfEvent } from './event-size.js';

export class RevisionAssembler {
  readonly #bytesMax: number;
  /** The lowest revision not yet delivered. etcd up to 3.6 may send older ones to a watch of a future revision (etcd #20221). */
  #next: number;
  /** Events of the last revision of a fragment: more of them may follow. At most `bytesMax`. */
  #held: WatchEvent[] = [];
  #heldBytes = 0;

  /** `bytesMax`: for the one revision that is held back until all its fragments have arrived. */
  constructor(startRevision: number | undefined, bytesMax: number) {
    this.#next = startRevision ?? 0;
    this.#bytesMax = bytesMax;
  }

  /** `revision`: that of the `created` message. */
  created(revision: number): void {
    if (this.#next === 0) this.#next = revision + 1;
  }

  /** Returns the events of the revisions that are now complete. Throws `too-large`. */
  push(response: WatchResponse): readonly WatchEvent[] {
    const fresh = response.events.filter(({ kv }) => kv.modRevision >= this.#next);
    if (!response.isFragment) return this.#deliver(this.#release(fresh));
    const last = fresh.at(-1)?.kv.modRevision;
    if (last === undefined) return [];
    const cut = fresh.findIndex(({ kv }) => kv.modRevision === last);
    const isContinued = cut === 0 && this.#held.at(-1)?.kv.modRevision === last;
    const whole = isContinued ? [] : this.#release(fresh.slice(0, cut));
    this.#hold(cut === 0 ? fresh : fresh.slice(cut));
    return this.#deliver(whole);
  }

  /** Whether nothing is held back. */
  get isComplete(): boolean {
    return this.#held.length === 0;
  }

  /** Returns whether progress up to `revision` may be reported: not inside a revision, and not backwards. */
  allowsProgress(revision: number): boolean {
    return this.isComplete && revision >= this.#next - 1;
  }

  #release(more: readonly WatchEvent[]): readonly WatchEvent[] {
    if (this.#held.length === 0) return more;
    const whole = this.#held.concat(more);
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }

  #hold(events: readonly WatchEvent[]): void {
    for (const event of events) {
      this.#held.push(event);
      this.#heldBytes += sizeOfEvent(event);
    }
    if (this.#heldBytes > this.#bytesMax) {
      throw new GatewayError('too-large', {
        detail: `the events of revision ${events[0]?.kv.modRevision ?? 0} take more than ${this.#bytesMax} bytes`,
        hint: 'watch a smaller range, or without previous values',
      });
    }
  }

  #deliver(events: readonly WatchEvent[]): readonly WatchEvent[] {
    const last = events.at(-1);
    if (last !== undefined) this.#next = last.kv.modRevision + 1;
    return events;
  }
}
