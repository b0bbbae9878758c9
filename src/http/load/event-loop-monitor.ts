// Measures whether this process keeps up with its work: how late its timers run.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const MEASURE_INTERVAL_MS = 500;
const RESOLUTION_MS = 20;
const NANOSECONDS_PER_MS = 1e6;
/** A single long pause, such as a garbage collection or a suspended machine, is over once it is measured, so rejecting work does not help. */
const LATE_MEASUREMENTS_MIN = 2;

export class EventLoopMonitor {
  readonly #delayMaxMs: number;
  #lateInARow = 0;

  constructor(delayMaxMs: number) {
    this.#delayMaxMs = delayMaxMs;
  }

  get isLate(): boolean {
    return this.#lateInARow >= LATE_MEASUREMENTS_MIN;
  }

  record(meanDelayMs: number): void {
    this.#lateInARow = meanDelayMs > this.#delayMaxMs ? this.#lateInARow + 1 : 0;
  }
}

/** Starts a monitor that measures for the lifetime of the process and does not keep it alive. */
export function startEventLoopMonitor(delayMaxMs: number): EventLoopMonitor {
  const monitor = new EventLoopMonitor(delayMaxMs);
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  setInterval(() => {
    // The mean time between two timers; NaN if none ran.
    monitor.record(delays.mean / NANOSECONDS_PER_MS - RESOLUTION_MS);
    delays.reset();
  }, MEASURE_INTERVAL_MS).unref();
  return monitor;
}
