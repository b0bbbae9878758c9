import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../../../src/etcd/calls/retry-budget.js';

const LIMITS = { tokensPerCall: 0.25, tokensPerSecond: 1, tokensMax: 3 };

function takes(budget: RetryBudget): number {
  let count = 0;
  while (budget.take()) count += 1;
  return count;
}

describe('the retry budget', () => {
  it('starts full', () => {
    expect(takes(new RetryBudget(LIMITS, () => 0))).toBe(3);
  });

  it('allows one repeat in as many calls as fill a token', () => {
    const budget = new RetryBudget(LIMITS, () => 0);
    takes(budget);
    for (let i = 0; i < 8; i++) budget.recordCall();
    expect(takes(budget)).toBe(2);
  });

  it('fills with time, and not over its brim', () => {
    let now = 0;
    const budget = new RetryBudget(LIMITS, () => now);
    takes(budget);
    now = 2_000;
    expect(takes(budget)).toBe(2);
    now = 100_000;
    expect(takes(budget)).toBe(3);
  });
});
