import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../src/domain/semaphore.js';

describe('Semaphore', () => {
  it('lets no more in at a time than it has room for, in the order in which they came', async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    const pass = (i: number): Promise<void> =>
      semaphore.run(async () => {
        order.push(i);
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      });
    await Promise.all([0, 1, 2, 3, 4, 5].map(pass));
    expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5]]);
  });

  it('gives the place on when the work fails', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await semaphore.run(() => Promise.resolve('in'))).toBe('in');
  });
});
