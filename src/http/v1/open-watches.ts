// One heartbeat timer and one drain listener for all open watches, and the limits of their unsent bytes.

export interface OpenWatch {
  /** Written, but not yet read by the client. */
  readonly unsentBytes: number;
  /** Sends a heartbeat. */
  beat(): void;
  /** Ends the watch, because the gateway shuts down. */
  drain(): void;
}

const HEARTBEAT_SECONDS = 15;
const SLICE_MS = 1_000;
/** Of one client: two values of the usual maximum size, in base64. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
/** Of one client while the total is above its limit. */
const UNSENT_BYTES_WHEN_FULL_MAX = 256 * 1024;
/** Of all clients. Counted once per second: the writes of one second may exceed it. */
const ALL_UNSENT_BYTES_MAX = 256 * 1024 * 1024;

export class OpenWatches {
  /** One slice per second, so that thousands of heartbeats are not sent at once. */
  readonly #slices = Array.from({ length: HEARTBEAT_SECONDS }, () => new Set<OpenWatch>());
  readonly #timer: NodeJS.Timeout;
  #due = 0;
  #isFull = false;

  /** `draining` is aborted when the gateway begins to drain. */
  constructor(draining: AbortSignal) {
    this.#timer = setInterval(() => this.#tick(), SLICE_MS);
    this.#timer.unref();
    draining.addEventListener('abort', () => this.#drain(), { once: true });
  }

  /** The first heartbeat comes after a whole round. */
  add(watch: OpenWatch): void {
    const last = (this.#due + HEARTBEAT_SECONDS - 1) % HEARTBEAT_SECONDS;
    this.#slices[last]?.add(watch);
  }

  delete(watch: OpenWatch): void {
    for (const slice of this.#slices) if (slice.delete(watch)) return;
  }

  /** Returns whether a client with so many unsent bytes is too slow. */
  isTooSlow(unsentBytes: number): boolean {
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
    clearInterval(this.#timer);
    for (const slice of this.#slices) for (const watch of [...slice]) watch.drain();
  }
}
