// Whether this process keeps up with its work: how late its timers are, looked at twice a second.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const LOOK_EVERY_MS = 500;
const RESOLUTION_MS = 20;
const NANOSECONDS_PER_MS = 1e6;

export interface Pace {
  readonly isLate: boolean;
}

/** Two looks in a row: one long pause (a garbage collection, a machine that slept) is over when it is seen, and helped by nothing. */
export class LateLooks implements Pace {
  readonly #delayMaxMs: number;
  #inARow = 0;

  constructor(delayMaxMs: number) {
    this.#delayMaxMs = delayMaxMs;
  }

  get isLate(): boolean {
    return this.#inARow >= 2;
  }

  look(meanDelayMs: number): void {
    this.#inARow = meanDelayMs > this.#delayMaxMs ? this.#inARow + 1 : 0;
  }
}

/** Watches for as long as the process lives, and does not keep it alive. */
export function watchEventLoop(delayMaxMs: number): Pace {
  const looks = new LateLooks(delayMaxMs);
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  setInterval(() => {
    // The time between two timers; NaN when none came.
    looks.look(delays.mean / NANOSECONDS_PER_MS - RESOLUTION_MS);
    delays.reset();
  }, LOOK_EVERY_MS).unref();
  return looks;
}
