// Token buckets by key: so many a second on average, so many at once. Bounded in memory, whoever comes.

interface Bucket {
  tokens: number;
  /** When `tokens` was right: `performance.now()`. */
  at: number;
}

/** Beyond them whoever has not come for longest is forgotten, which gives him a full bucket. */
const KEYS_MAX = 10_000;

export class TokenBuckets {
  readonly #perMs: number;
  readonly #size: number;
  readonly #now: () => number;
  /** In the order in which they last came. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, size: number, now: () => number = () => performance.now()) {
    this.#perMs = perSecond / 1000;
    this.#size = size;
    this.#now = now;
  }

  get keys(): number {
    return this.#buckets.size;
  }

  /** The seconds until there is a token: 0 when there is one. Takes none. */
  wait(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return 0;
    const tokens = bucket.tokens + (this.#now() - bucket.at) * this.#perMs;
    return Math.max(0, 1 - tokens) / this.#perMs / 1000;
  }

  /** Takes a token: 0. When there is none: the seconds until there is one. */
  take(key: string): number {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#size, at: now };
    bucket.tokens = Math.min(this.#size, bucket.tokens + (now - bucket.at) * this.#perMs);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > KEYS_MAX) this.#forgetOldest();
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perMs / 1000;
    bucket.tokens--;
    return 0;
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
