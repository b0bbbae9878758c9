// Limits the rate of retries, so that they do not overload an etcd that recovers. One token bucket serves all calls of a client.

export interface BudgetLimits {
  /** Added by each call. */
  readonly tokensPerCall: number;
  /** Added each second, so that a gateway with few calls can retry too. */
  readonly tokensPerSecond: number;
  readonly tokensMax: number;
}

/** A fifth of the calls may be retries. A full bucket is enough for a burst of callers during one leader election. */
const BUDGET_LIMITS: BudgetLimits = { tokensPerCall: 0.2, tokensPerSecond: 10, tokensMax: 500 };

export class RetryBudget {
  readonly #limits: BudgetLimits;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** Starts full. `now` returns milliseconds. */
  constructor(limits: BudgetLimits = BUDGET_LIMITS, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#tokens = limits.tokensMax;
    this.#filledAt = now();
  }

  /** Call it when a call begins. */
  recordCall(): void {
    this.#add(this.#limits.tokensPerCall);
  }

  /** Takes a token. Returns false if none is left: the call must not be sent again. */
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
