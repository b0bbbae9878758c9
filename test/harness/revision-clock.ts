// Relates times to revisions: which revisions were definitely committed by a time, and which can have been. Anything in between is
// undecided, so a slow message is never reported as a violation.

/** A linearizable read that returned this revision. */
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
   * No response that was complete by that time can contain a later revision, because a linearizable read that began later did not see
   * one. Infinity if there was no such read.
   */
  possibleBy(at: number): number {
    const first = firstIndex(this.#bounds, (bound) => bound.at >= at);
    return this.#bounds[first]?.revision ?? Infinity;
  }
}

/** Returns the index of the first element for which `isPast` is true, or the length. `isPast` must be monotonic. */
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
