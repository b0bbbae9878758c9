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

/** Guesses until the limit rejects the next attempt. */
async function exhaust(limiter: AttemptLimiter): Promise<void> {
  for (let guess = 0; ; guess++) {
    if ((await codeOf(limiter.run(HERE, `guess ${guess}`, wrong))) === 'too-many-requests') return;
  }
}

describe('an address with too many failed attempts', () => {
  it('gets 429 even if its next guess is valid', async () => {
    const limiter = new AttemptLimiter(() => 0);
    await limiter.run(from('10.0.0.2'), 'of ann', right);
    await exhaust(limiter);
    expect(await codeOf(limiter.run(HERE, 'of ann', right))).toBe('too-many-requests');
    expect(await limiter.run(from('10.0.0.2'), 'of ann', right)).toBe('right');
  });

  it('does not affect credentials that succeeded from there before, until they fail', async () => {
    const limiter = new AttemptLimiter(() => 0);
    await limiter.run(HERE, 'of ann', right);
    await exhaust(limiter);
    expect(await limiter.run(HERE, 'of ann', right)).toBe('right');
    expect(await codeOf(limiter.run(HERE, 'of ann', wrong))).toBe('unauthenticated');
    expect(await codeOf(limiter.run(HERE, 'of ann', right))).toBe('too-many-requests');
  });
});

describe('attempts in progress', () => {
  it('are unlimited with the same credentials and limited to sixteen with different ones', async () => {
    const limiter = new AttemptLimiter(() => 0);
    let respond: (text: string) => void = () => undefined;
    const open = new Promise<string>((resolve) => (respond = resolve));
    const same = Array.from({ length: 100 }, () => limiter.run(HERE, 'of ann', () => open));
    const others = Array.from({ length: 16 }, (_, index) =>
      codeOf(limiter.run(HERE, `of ${index}`, () => open)),
    );
    respond('right');
    expect(new Set(await Promise.all(same))).toEqual(new Set(['right']));
    expect(await Promise.all(others)).toEqual([
      ...Array<string>(15).fill('right'),
      'too-many-requests',
    ]);
    expect(await limiter.run(HERE, 'of another', right)).toBe('right');
  });
});
