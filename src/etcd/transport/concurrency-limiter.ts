// Limits the concurrent calls to each endpoint; excess calls wait in order. The limit of http.Agent does not count connections that are
// still being established.

type Start = () => void;

export class ConcurrencyLimiter {
  readonly #max: number;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Start>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Calls `start` at once, or when a slot becomes free. Call the returned function once, started or not: it releases the slot. */
  acquire(name: string, start: Start): () => void {
    const running = this.#running.get(name) ?? 0;
    if (running < this.#max) {
      this.#running.set(name, running + 1);
      start();
      return () => this.#release(name);
    }
    let isStarted = false;
    const turn = (): void => {
      isStarted = true;
      start();
    };
    const queue = this.#waiting.get(name) ?? new Set<Start>();
    this.#waiting.set(name, queue.add(turn));
    return () => {
      if (isStarted) this.#release(name);
      else this.#stopWaiting(name, queue, turn);
    };
  }

  #release(name: string): void {
    const queue = this.#waiting.get(name);
    const [next] = queue ?? [];
    if (queue !== undefined && next !== undefined) {
      // The next call takes over the slot.
      this.#stopWaiting(name, queue, next);
      next();
      return;
    }
    const running = (this.#running.get(name) ?? 1) - 1;
    if (running > 0) this.#running.set(name, running);
    else this.#running.delete(name);
  }

  #stopWaiting(name: string, queue: Set<Start>, turn: Start): void {
    queue.delete(turn);
    if (queue.size === 0 && this.#waiting.get(name) === queue) this.#waiting.delete(name);
  }
}
