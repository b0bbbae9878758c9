// How many calls may run at the same time to one endpoint; further ones wait in line. http.Agent has such a limit too, and does not count
// connections that are still being made.

type Start = () => void;

export class ConcurrencyLimiter {
  readonly #max: number;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Start>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Calls `start` now or when it is its turn. Whoever enters calls what he is given once, started or not: it ends his place. */
  acquire(name: string, start: Start): () => void {
    const running = this.#running.get(name) ?? 0;
    if (running < this.#max) {
      this.#running.set(name, running + 1);
      start();
      return () => this.#leave(name);
    }
    let isStarted = false;
    const turn = (): void => {
      isStarted = true;
      start();
    };
    const line = this.#waiting.get(name) ?? new Set<Start>();
    this.#waiting.set(name, line.add(turn));
    return () => {
      if (isStarted) this.#leave(name);
      else this.#giveUp(name, line, turn);
    };
  }

  #leave(name: string): void {
    const line = this.#waiting.get(name);
    const [next] = line ?? [];
    if (line !== undefined && next !== undefined) {
      // The place goes on to the next one.
      this.#giveUp(name, line, next);
      next();
      return;
    }
    const running = (this.#running.get(name) ?? 1) - 1;
    if (running > 0) this.#running.set(name, running);
    else this.#running.delete(name);
  }

  #giveUp(name: string, line: Set<Start>, turn: Start): void {
    line.delete(turn);
    if (line.size === 0 && this.#waiting.get(name) === line) this.#waiting.delete(name);
  }
}
