// What this gateway's v2 door has done since it started, in the words of etcd's store statistics.

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

  /** Waits for the operation and counts how it ended. */
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

  /** Counts a directory that this gateway ended. */
  countExpired(): void {
    this.#expired++;
  }

  /** Gives what to call when the watcher leaves. */
  enterWatcher(): () => void {
    this.#watchers++;
    return () => {
      this.#watchers--;
    };
  }

  /** In etcd's order. */
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
