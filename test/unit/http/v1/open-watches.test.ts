import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { OpenWatches } from '../../../../src/http/v1/open-watches.js';
import type { OpenWatch } from '../../../../src/http/v1/open-watches.js';

const MEGABYTE = 1024 * 1024;
const ROUND_MS = 15_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function create(unsentBytes = 0): OpenWatch & { beats: number; drains: number } {
  return {
    beats: 0,
    drains: 0,
    unsentBytes,
    beat() {
      this.beats++;
    },
    drain() {
      this.drains++;
    },
  };
}

it('sends each open watch one heartbeat per round', () => {
  const open = new OpenWatches(new AbortController().signal);
  const [staying, leaving] = [create(), create()];
  open.add(staying);
  vi.advanceTimersByTime(4_500);
  open.add(leaving);
  vi.advanceTimersByTime(ROUND_MS * 3);
  open.delete(leaving);
  vi.advanceTimersByTime(ROUND_MS * 2);
  expect([staying.beats, leaving.beats]).toEqual([5, 3]);
});

it('drains each watch once', () => {
  const draining = new AbortController();
  const open = new OpenWatches(draining.signal);
  const watches = Array.from({ length: 40 }, () => create());
  for (const each of watches) {
    open.add(each);
    vi.advanceTimersByTime(700);
  }
  draining.abort();
  vi.advanceTimersByTime(ROUND_MS);
  expect(watches.every(({ drains }) => drains === 1)).toBe(true);
});

it('L2: limits the unsent bytes of each client, and more so while their total is too large', () => {
  const open = new OpenWatches(new AbortController().signal);
  const limits = (): boolean[] => [0.2, 0.3, 3, 5].map((size) => open.isTooSlow(size * MEGABYTE));
  const slow = Array.from({ length: 100 }, () => create(3 * MEGABYTE));
  slow.slice(0, 80).forEach((each) => open.add(each));
  vi.advanceTimersByTime(1_000);
  expect(limits()).toEqual([false, false, false, true]);
  slow.slice(80).forEach((each) => open.add(each));
  vi.advanceTimersByTime(1_000);
  expect(limits()).toEqual([false, true, true, true]);
  slow.forEach((each) => open.delete(each));
  vi.advanceTimersByTime(1_000);
  expect(limits()).toEqual([false, false, false, true]);
});
