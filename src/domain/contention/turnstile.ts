// Lets a few in at a time: thousands of waiters who come at once would else drown etcd, and each other, in their first requests.

/** Waiters that enter a queue at the same time. */
const ENTERING_MAX = 48;

export class Turnstile {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(max = ENTERING_MAX) {
    this.#max = max;
  }

  /** Runs `work` when there is room, first come first served. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#max)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#inside++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place is handed on, not given back.
      if (next === undefined) this.#inside--;
      else next();
    }
  }
}
