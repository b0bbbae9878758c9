// Limits how many operations run at the same time. Without it, thousands of waiters that arrive together would overload etcd, and delay
// each other, with their first requests.

/** Waiters that enter a queue at the same time. */
const CONCURRENCY_MAX = 48;

export class Semaphore {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(max = CONCURRENCY_MAX) {
    this.#max = max;
  }

  /** Runs `work` when a slot is free, in the order of the calls. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The slot passes to the next operation, so the count stays.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
