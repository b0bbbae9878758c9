// Reproducible random numbers: one seed, and an independent stream for each user.

export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.#state = seed | 0;
  }

  /** Returns an independent stream. The same name returns the same stream. */
  fork(name: string): Random {
    let hash = this.#seed | 0;
    for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    return new Random(hash);
  }

  /** 0 to less than 1 (the generator is Mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between([least, most]: Span): number {
    return least + this.next() * (most - least);
  }

  whole([least, most]: Span): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  /** Returns one of the names with a probability in proportion to its share. */
  weighted<K extends string>(shares: Readonly<Record<K, number>>): K {
    const entries = Object.entries(shares) as [K, number][];
    const total = entries.reduce((sum, [, share]) => sum + share, 0);
    let left = this.next() * total;
    for (const [name, share] of entries) {
      left -= share;
      if (left < 0) return name;
    }
    return entries.at(-1)![0];
  }

  shuffled<T>(list: readonly T[]): T[] {
    return [...list]
      .map((value) => ({ value, rank: this.next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ value }) => value);
  }

  /** Returns a valid token of 24 characters. */
  token(): string {
    return Array.from({ length: 4 }, () =>
      Math.floor(this.next() * 36 ** 6)
        .toString(36)
        .padStart(6, '0'),
    ).join('');
  }
}

export type Span = readonly [number, number];
