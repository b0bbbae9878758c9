// The health of one endpoint, with hysteresis: what ejects it, and what brings it back. Pure: no clock and no I/O.

/**
 * `unproven`: has not shown yet that it is a member of the cluster, and gets no calls.
 * `up`: takes its turn. `down`: asked only when no other is left. `refused`: never asked, as it belongs to another cluster, say.
 */
export type Standing = 'unproven' | 'up' | 'down' | 'refused';

/**
 * `gone`: it took no connection, did not answer a probe, or reported that it cannot serve. Another request to it costs time.
 * `doubt`: a connection broke, or the cluster was busy with itself. The next request may succeed.
 * `suspect`: the client may be the cause, because clients choose deadlines, the amount of work, and what they send. Only a probe can
 * find out, so this alone never ejects an endpoint.
 */
export type FailureKind = 'gone' | 'doubt' | 'suspect';

/** Failures in a row that are no more than doubts, until they eject an endpoint. */
const DOUBTS_MAX = 3;
/** Successes in a row until an ejected endpoint takes its turn again. */
const SUCCESSES_TO_RETURN = 2;

export class EndpointHealth {
  #standing: Standing;
  #doubts = 0;
  #successes = 0;

  constructor(standing: 'unproven' | 'up') {
    this.#standing = standing;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Answers whether this ejected it. */
  failed(kind: Exclude<FailureKind, 'suspect'>): boolean {
    this.#successes = 0;
    if (this.#standing !== 'up') return false;
    this.#doubts += 1;
    if (kind === 'doubt' && this.#doubts < DOUBTS_MAX) return false;
    this.#standing = 'down';
    return true;
  }

  /** Answers whether this brought it back. An endpoint that was refused, or is not proven, needs `proven`. */
  succeeded(): boolean {
    this.#doubts = 0;
    if (this.#standing !== 'down') return false;
    this.#successes += 1;
    return this.#successes >= SUCCESSES_TO_RETURN && this.#rise();
  }

  /** It has shown that it is a fit member of the cluster. Answers whether this made it take its turn. */
  proven(): boolean {
    if (this.#standing === 'unproven' || this.#standing === 'refused') return this.#rise();
    return this.succeeded();
  }

  /** Answers whether it was not refused before. */
  refused(): boolean {
    const isNew = this.#standing !== 'refused';
    this.#standing = 'refused';
    return isNew;
  }

  #rise(): true {
    this.#standing = 'up';
    this.#doubts = 0;
    this.#successes = 0;
    return true;
  }
}
