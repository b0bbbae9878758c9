// The health of one endpoint, with hysteresis: what ejects it, and what brings it back. Pure: no clock and no I/O.

/**
 * `unproven`: has not shown yet that it is a member of the cluster, and gets no calls.
 * `up`: takes its turn. `down`: asked only when no other is left. `refused`: never asked, as it belongs to another cluster, say.
 */
export type EndpointState = 'unverified' | 'healthy' | 'ejected' | 'rejected';

/**
 * `gone`: it took no connection, did not answer a probe, or reported that it cannot serve. Another request to it costs time.
 * `doubt`: a connection broke, or the cluster was busy with itself. The next request may succeed.
 * `suspect`: the client may be the cause, because clients choose deadlines, the amount of work, and what they send. Only a probe can
 * find out, so this alone never ejects an endpoint.
 */
export type FailureKind = 'unreachable' | 'transient' | 'suspect';

/** Failures in a row that are no more than doubts, until they eject an endpoint. */
const TRANSIENT_FAILURES_MAX = 3;
/** Successes in a row until an ejected endpoint takes its turn again. */
const SUCCESSES_TO_RETURN = 2;

export class EndpointHealth {
  #state: EndpointState;
  #transientFailures = 0;
  #successes = 0;

  constructor(state: 'unverified' | 'healthy') {
    this.#state = state;
  }

  get state(): EndpointState {
    return this.#state;
  }

  /** Answers whether this ejected it. */
  recordFailure(kind: Exclude<FailureKind, 'suspect'>): boolean {
    this.#successes = 0;
    if (this.#state !== 'healthy') return false;
    this.#transientFailures += 1;
    if (kind === 'transient' && this.#transientFailures < TRANSIENT_FAILURES_MAX) return false;
    this.#state = 'ejected';
    return true;
  }

  /** Answers whether this brought it back. An endpoint that was refused, or is not proven, needs `proven`. */
  recordSuccess(): boolean {
    this.#transientFailures = 0;
    if (this.#state !== 'ejected') return false;
    this.#successes += 1;
    return this.#successes >= SUCCESSES_TO_RETURN && this.#rise();
  }

  /** It has shown that it is a fit member of the cluster. Answers whether this made it take its turn. */
  markVerified(): boolean {
    if (this.#state === 'unverified' || this.#state === 'rejected') return this.#rise();
    return this.recordSuccess();
  }

  /** Answers whether it was not refused before. */
  markRejected(): boolean {
    const isNew = this.#state !== 'rejected';
    this.#state = 'rejected';
    return isNew;
  }

  #rise(): true {
    this.#state = 'healthy';
    this.#transientFailures = 0;
    this.#successes = 0;
    return true;
  }
}
