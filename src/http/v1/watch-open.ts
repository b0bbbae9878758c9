// What all open watches share: one clock for their heartbeats, one ear for the drain, instead of a timer and a listener each, and the room
// for what slow readers have not taken yet.

export interface OpenWatch {
  /** Written to the reader, not taken by him yet. */
  readonly unsentBytes: number;
  /** Time for a sign of life. */
  beat(): void;
  /** The gateway shuts down. */
  drain(): void;
}

const HEARTBEAT_SECONDS = 15;
const SLICE_MS = 1_000;
/** Of one reader: two values of the usual largest size, in base64. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
/** Of one reader when all together have too much. */
const UNSENT_BYTES_WHEN_FULL_MAX = 256 * 1024;
/** Of all readers. It is counted once a second, so that a second's writes may come on top. */
const ALL_UNSENT_BYTES_MAX = 256 * 1024 * 1024;

export class OpenWatches {
  /** One after the other gets its beat, so that thousands do not get it at once. */
  readonly #slices = Array.from({ length: HEARTBEAT_SECONDS }, () => new Set<OpenWatch>());
  readonly #clock: NodeJS.Timeout;
  #due = 0;
  #isFull = false;

  /** `draining` is aborted when the gateway begins to drain. */
  constructor(draining: AbortSignal) {
    this.#clock = setInterval(() => this.#tick(), SLICE_MS);
    this.#clock.unref();
    draining.addEventListener('abort', () => this.#drain(), { once: true });
  }

  /** Its first beat comes after a whole round. */
  add(watch: OpenWatch): void {
    const last = (this.#due + HEARTBEAT_SECONDS - 1) % HEARTBEAT_SECONDS;
    this.#slices[last]?.add(watch);
  }

  delete(watch: OpenWatch): void {
    for (const slice of this.#slices) if (slice.delete(watch)) return;
  }

  /** Whether a reader who left so much untaken may get no more. */
  isTooMuch(unsentBytes: number): boolean {
    return unsentBytes > (this.#isFull ? UNSENT_BYTES_WHEN_FULL_MAX : UNSENT_BYTES_MAX);
  }

  #tick(): void {
    let unsentBytes = 0;
    for (const slice of this.#slices) for (const watch of slice) unsentBytes += watch.unsentBytes;
    this.#isFull = unsentBytes > ALL_UNSENT_BYTES_MAX;
    const due = this.#slices[this.#due] ?? [];
    this.#due = (this.#due + 1) % HEARTBEAT_SECONDS;
    for (const watch of [...due]) watch.beat();
  }

  #drain(): void {
    clearInterval(this.#clock);
    for (const slice of this.#slices) for (const watch of [...slice]) watch.drain();
  }
}
