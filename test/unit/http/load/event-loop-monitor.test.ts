import { expect, it } from 'vitest';
import { EventLoopMonitor } from '../../../../src/http/load/event-loop-monitor.js';

it('L6: the event loop is late after two late measurements in a row', () => {
  const monitor = new EventLoopMonitor(100);
  const results = [10, 5_000, 10, 101, 102, 103, 100, 300, Number.NaN, 300].map((meanDelayMs) => {
    monitor.record(meanDelayMs);
    return monitor.isLate;
  });
  expect(results).toEqual([false, false, false, false, true, true, false, false, false, false]);
});
