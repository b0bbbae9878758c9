// How many of something are going on now.

export class Counter {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts one more until `work` is over, however it ends. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
    }
  }
}
