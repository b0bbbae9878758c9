// Keeps calls that are sent again from becoming the storm that keeps etcd down: a bucket of tokens for all calls of a client.

export interface BudgetLimits {
  /** What each call puts in. */
  readonly tokensPerCall: number;
  /** What time puts in, so that a quiet gateway can retry too. */
  readonly tokensPerSecond: number;
  readonly tokensMax: number;
}

/** A fifth of the calls may be repeats; the bucket holds what a burst of callers needs to live through one election. */
const BUDGET_LIMITS: BudgetLimits = { tokensPerCall: 0.2, tokensPerSecond: 10, tokensMax: 500 };

export class RetryBudget {
  readonly #limits: BudgetLimits;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** Starts full. `now` gives milliseconds. */
  constructor(limits: BudgetLimits = BUDGET_LIMITS, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#tokens = limits.tokensMax;
    this.#filledAt = now();
  }

  /** A caller's call begins. */
  recordCall(): void {
    this.#add(this.#limits.tokensPerCall);
  }

  /** Whether a call may be sent once more; takes what that costs. */
  take(): boolean {
    const now = this.#now();
    this.#add(((now - this.#filledAt) / 1_000) * this.#limits.tokensPerSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#limits.tokensMax, this.#tokens + tokens);
  }
}
