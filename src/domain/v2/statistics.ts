// Statistics of the v2 API at this gateway since its start, with the names of etcd's store statistics.

const OPERATIONS = [
  'gets',
  'sets',
  'delete',
  'update',
  'create',
  'compareAndSwap',
  'compareAndDelete',
] as const;

export type CountedOperation = (typeof OPERATIONS)[number];

export class V2Statistics {
  readonly #counts = new Map<string, number>();
  #watchers = 0;
  #expired = 0;

  /** Waits for the operation and counts its success or failure. */
  async count<T>(operation: CountedOperation, work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      this.#add(`${operation}Success`);
      return result;
    } catch (error) {
      this.#add(`${operation}Fail`);
      throw error;
    }
  }

  /** Counts a directory that this gateway deleted because its ttl expired. */
  countExpired(): void {
    this.#expired++;
  }

  /** Returns a function to call when the watcher ends. */
  addWatcher(): () => void {
    this.#watchers++;
    return () => {
      this.#watchers--;
    };
  }

  /** Keeps the order of etcd's response. */
  toBody(): Record<string, number> {
    const counted = OPERATIONS.flatMap((operation) =>
      [`${operation}Success`, `${operation}Fail`].map((name) => [
        name,
        this.#counts.get(name) ?? 0,
      ]),
    );
    return {
      ...(Object.fromEntries(counted) as Record<string, number>),
      expireCount: this.#expired,
      watchers: this.#watchers,
    };
  }

  #add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
