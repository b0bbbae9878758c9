import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import type { ErrorCode } from '../../../../src/core/errors.js';
import { createReadiness } from '../../../../src/http/operations/readiness.js';

/** What a check throws if etcd fails with this code while so many of three members are reachable. */
async function failureOf(code: ErrorCode, reachable: number): Promise<string> {
  const readiness = createReadiness({
    check: () => Promise.reject(new GatewayError(code, { detail: 'the reason' })),
    countReachable: () => Promise.resolve({ reachable, total: 3 }),
    isDraining: () => false,
  });
  const error = await readiness.check().catch((thrown: unknown) => thrown);
  return error instanceof GatewayError
    ? `${error.status} ${error.code}: ${error.message}`
    : 'ready';
}

describe('F53: readiness', () => {
  it.each([
    ['timeout', 1, '503 etcd-unavailable: 1 of 3 members reachable: no quorum'],
    ['no-leader', 1, '503 no-leader: 1 of 3 members reachable: no quorum'],
    ['no-leader', 2, '503 no-leader: 2 of 3 members reachable: the reason'],
    ['etcd-refused', 0, '503 etcd-unavailable: 0 of 3 members reachable: the reason'],
    ['permission-denied', 3, '503 etcd-unavailable: 3 of 3 members reachable: the reason'],
  ] as const)(
    'is 503 after %s with %i of 3 members reachable',
    async (code, reachable, failure) => {
      expect(await failureOf(code, reachable)).toBe(failure);
    },
  );

  it('checks and counts once for concurrent requests, and again for later ones', async () => {
    const calls: string[] = [];
    let fail: (error: GatewayError) => void = () => undefined;
    const readiness = createReadiness({
      check() {
        calls.push('check');
        return new Promise((_, reject) => (fail = reject));
      },
      countReachable() {
        calls.push('count');
        return Promise.resolve({ reachable: 0, total: 1 });
      },
      isDraining: () => false,
    });
    for (let round = 1; round <= 2; round++) {
      const checks = Array.from({ length: 10 }, () => readiness.check());
      fail(new GatewayError('timeout'));
      const results = await Promise.allSettled(checks);
      expect(results.every(({ status }) => status === 'rejected')).toBe(true);
      expect(calls).toHaveLength(2 * round);
    }
  });
});
