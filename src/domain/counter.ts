// Counts operations in progress.

export class Counter {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts `work` until it resolves or rejects. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
    }
  }
}
