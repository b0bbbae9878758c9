import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../src/domain/semaphore.js';

describe('Semaphore', () => {
  it('runs at most the given number of operations at a time, in the order of the calls', async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    let running = 0;
    let runningMax = 0;
    const run = (i: number): Promise<void> =>
      semaphore.run(async () => {
        order.push(i);
        runningMax = Math.max(runningMax, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      });
    await Promise.all([0, 1, 2, 3, 4, 5].map(run));
    expect([runningMax, order]).toEqual([2, [0, 1, 2, 3, 4, 5]]);
  });

  it('passes the slot on when the work fails', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await semaphore.run(() => Promise.resolve('done'))).toBe('done');
  });
});
