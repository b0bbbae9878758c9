// The order of the indexes of one store. It is equal in two stores with the same changes, even if the numbers differ.
import type { StepResponse } from './player.js';

const CHANGE = /"modifiedIndex":(\d+)/g;

export class IndexOrder {
  readonly #changes: readonly number[];

  /** Collects the changes in all responses. */
  constructor(responses: Iterable<StepResponse>) {
    const found = new Set<number>();
    for (const { text } of responses)
      for (const [, index] of text.matchAll(CHANGE)) found.add(Number(index));
    this.#changes = [...found].sort((a, b) => a - b);
  }

  /** Returns `#3` for the third change and `#3+` for an index after it. */
  name(index: number | string, isExact: boolean): string {
    const number = Number(index);
    const rank = this.#changes.filter((change) => change <= number).length;
    const isChange = this.#changes[rank - 1] === number;
    return `#${rank}${isChange || !isExact ? '' : '+'}`;
  }
}
