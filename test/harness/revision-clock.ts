// Brings times and revisions together: what must have been committed by a time, and what can have been. Everything in between stays
// open, so that nothing is called a violation that is only a slow message.

/** A linearizable read that answered this revision. */
export interface Probe {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly revision: number;
}

/** A revision that was seen at a time. */
export interface Sighting {
  readonly at: number;
  readonly revision: number;
}

export class RevisionClock {
  /** By time, revisions growing. */
  readonly #sightings: Sighting[];
  /** By time, revisions growing. */
  readonly #bounds: Sighting[];

  constructor(seen: readonly Sighting[], probes: readonly Probe[]) {
    const ended = probes.map(({ endedAt, revision }) => ({ at: endedAt, revision }));
    this.#sightings = [...seen, ...ended].sort((a, b) => a.at - b.at);
    let most = 0;
    this.#sightings = this.#sightings.map(({ at, revision }) => {
      most = Math.max(most, revision);
      return { at, revision: most };
    });
    let least = Infinity;
    this.#bounds = probes
      .map(({ startedAt, revision }) => ({ at: startedAt, revision }))
      .sort((a, b) => b.at - a.at)
      .map(({ at, revision }) => {
        least = Math.min(least, revision);
        return { at, revision: least };
      })
      .reverse();
  }

  /** Every revision up to this one was committed before that time. */
  settledBy(at: number): number {
    const after = firstIndex(this.#sightings, (sighting) => sighting.at >= at);
    return this.#sightings[after - 1]?.revision ?? 0;
  }

  /**
   * No revision beyond this one can have been part of an answer that was whole by that time: a linearizable read that began later did
   * not see it. Infinity when no such read was made.
   */
  possibleBy(at: number): number {
    const first = firstIndex(this.#bounds, (bound) => bound.at >= at);
    return this.#bounds[first]?.revision ?? Infinity;
  }
}

/** Of the first for which `isPast` is true; the length when there is none. `isPast` never becomes false again. */
function firstIndex(list: readonly Sighting[], isPast: (each: Sighting) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
