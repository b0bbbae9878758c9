// Token buckets by key: a number of tokens per second on average, and a number at once. Their memory is bounded.

interface Bucket {
  tokens: number;
  /** The `performance.now()` to which `tokens` applies. */
  at: number;
}

/** Above this the key that was not used for longest is dropped. Its next bucket is full. */
const KEYS_MAX = 10_000;

export class TokenBuckets {
  readonly #perMs: number;
  readonly #size: number;
  readonly #now: () => number;
  /** The least recently used key is the first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, size: number, now: () => number = () => performance.now()) {
    this.#perMs = perSecond / 1000;
    this.#size = size;
    this.#now = now;
  }

  get keys(): number {
    return this.#buckets.size;
  }

  /** Returns the seconds until a token is available; 0 if there is one. Takes none. */
  wait(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return 0;
    const tokens = bucket.tokens + (this.#now() - bucket.at) * this.#perMs;
    return Math.max(0, 1 - tokens) / this.#perMs / 1000;
  }

  /** Takes a token and returns 0. Without a token it returns the seconds until one is available. */
  take(key: string): number {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#size, at: now };
    bucket.tokens = Math.min(this.#size, bucket.tokens + (now - bucket.at) * this.#perMs);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > KEYS_MAX) this.#dropLeastRecentlyUsed();
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perMs / 1000;
    bucket.tokens--;
    return 0;
  }

  #dropLeastRecentlyUsed(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
