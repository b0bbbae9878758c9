// The indexes of one store in the order of its changes. Two stores that did the same agree in these, whatever their numbers are.
import type { Told } from './player.js';

const CHANGE = /"modifiedIndex":(\d+)/g;

export class IndexOrder {
  readonly #changes: readonly number[];

  /** Knows every change that one of the answers tells. */
  constructor(answers: Iterable<Told>) {
    const found = new Set<number>();
    for (const { text } of answers)
      for (const [, index] of text.matchAll(CHANGE)) found.add(Number(index));
    this.#changes = [...found].sort((a, b) => a - b);
  }

  /** `#3`: of the third change that is known; `#3+`: after it. */
  name(index: number | string, isExact: boolean): string {
    const number = Number(index);
    const rank = this.#changes.filter((change) => change <= number).length;
    const isChange = this.#changes[rank - 1] === number;
    return `#${rank}${isChange || !isExact ? '' : '+'}`;
  }
}
