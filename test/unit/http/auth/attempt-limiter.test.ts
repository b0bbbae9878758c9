// How often an address may be wrong, and who behind it goes on all the same.
import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { AttemptLimiter } from '../../../../src/http/auth/attempt-limiter.js';

const from = (remoteAddress: string): Request => ({ socket: { remoteAddress } }) as Request;
const HERE = from('10.0.0.1');
const right = (): string => 'right';
const wrong = (): never => {
  throw new GatewayError('unauthenticated');
};
const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.catch((error: unknown) => (error instanceof GatewayError ? error.code : error));

/** One who guesses until he is refused. */
async function exhaust(attempts: AttemptLimiter): Promise<void> {
  for (let guess = 0; ; guess++) {
    if ((await codeOf(attempts.run(HERE, `guess ${guess}`, wrong))) === 'too-many-requests') return;
  }
}

describe('an address that was wrong too often', () => {
  it('does not learn whether its next guess is right', async () => {
    const attempts = new AttemptLimiter(() => 0);
    await attempts.run(from('10.0.0.2'), 'of ann', right);
    await exhaust(attempts);
    expect(await codeOf(attempts.run(HERE, 'of ann', right))).toBe('too-many-requests');
    expect(await attempts.run(from('10.0.0.2'), 'of ann', right)).toBe('right');
  });

  it('keeps nobody out who was right from there before, until he is wrong', async () => {
    const attempts = new AttemptLimiter(() => 0);
    await attempts.run(HERE, 'of ann', right);
    await exhaust(attempts);
    expect(await attempts.run(HERE, 'of ann', right)).toBe('right');
    expect(await codeOf(attempts.run(HERE, 'of ann', wrong))).toBe('unauthenticated');
    expect(await codeOf(attempts.run(HERE, 'of ann', right))).toBe('too-many-requests');
  });
});

describe('attempts without an answer yet', () => {
  it('with the same credentials are as many as they like, with different ones sixteen', async () => {
    const attempts = new AttemptLimiter(() => 0);
    let answer: (text: string) => void = () => undefined;
    const open = new Promise<string>((resolve) => (answer = resolve));
    const same = Array.from({ length: 100 }, () => attempts.run(HERE, 'of ann', () => open));
    const others = Array.from({ length: 16 }, (_, index) =>
      codeOf(attempts.run(HERE, `of ${index}`, () => open)),
    );
    answer('right');
    expect(new Set(await Promise.all(same))).toEqual(new Set(['right']));
    expect(await Promise.all(others)).toEqual([
      ...Array<string>(15).fill('right'),
      'too-many-requests',
    ]);
    expect(await attempts.run(HERE, 'of nobody yet', right)).toBe('right');
  });
});
