// Whether a number grows over a run: compares the medians of the last and the second quarter. The first quarter is the warm-up. Pure.

/** The relative growth that is allowed from the second to the last quarter. */
const GROWTH_MAX = 0.1;

export interface Flatness {
  /** Median of the second quarter. */
  readonly before: number;
  /** Median of the last quarter. */
  readonly after: number;
  readonly isFlat: boolean;
}

/**
 * Takes samples at even distances. `slack` is additional allowed growth for small numbers: ten sockets more are not a leak.
 * Throws for fewer than four samples, which have no quarters.
 */
export function flatnessOf(samples: readonly number[], slack = 0): Flatness {
  if (samples.length < 4) throw new Error(`${samples.length} samples are too few`);
  const quarter = samples.length / 4;
  const before = median(samples.slice(Math.floor(quarter), Math.floor(2 * quarter)));
  const after = median(samples.slice(Math.floor(3 * quarter)));
  return { before, after, isFlat: after <= before * (1 + GROWTH_MAX) + slack };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
