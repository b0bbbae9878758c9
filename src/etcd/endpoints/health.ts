// The health of one endpoint, with hysteresis: decides when it is ejected and when it recovers. Pure: no clock and no I/O.

/**
 * `unverified`: not known to be a member of the cluster; gets no calls. `healthy`: gets calls. `ejected`: gets calls only if no healthy
 * endpoint is left. `rejected`: gets no calls, for example because it belongs to another cluster.
 */
export type EndpointState = 'unverified' | 'healthy' | 'ejected' | 'rejected';

/**
 * `unreachable`: it accepted no connection, did not respond to a probe, or reported that it cannot serve. Another request would cost time.
 * `transient`: a connection broke, or the cluster was busy, for example with an election. The next request may succeed.
 * `suspect`: the client may be the cause, because clients choose deadlines and the amount of work. Only a probe can find out, so this
 * failure alone never ejects an endpoint.
 */
export type FailureKind = 'unreachable' | 'transient' | 'suspect';

/** Consecutive transient failures that eject an endpoint. */
const TRANSIENT_FAILURES_MAX = 3;
/** Consecutive successes after which an ejected endpoint is healthy again. */
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

  /** Returns true if this ejected the endpoint. */
  recordFailure(kind: Exclude<FailureKind, 'suspect'>): boolean {
    this.#successes = 0;
    if (this.#state !== 'healthy') return false;
    this.#transientFailures += 1;
    if (kind === 'transient' && this.#transientFailures < TRANSIENT_FAILURES_MAX) return false;
    this.#state = 'ejected';
    return true;
  }

  /** Returns true if the endpoint recovered. A rejected or unverified endpoint needs `markVerified`. */
  recordSuccess(): boolean {
    this.#transientFailures = 0;
    if (this.#state !== 'ejected') return false;
    this.#successes += 1;
    return this.#successes >= SUCCESSES_TO_RETURN && this.#becomeHealthy();
  }

  /** Call it after a successful probe. Returns true if the endpoint is now healthy and was not before. */
  markVerified(): boolean {
    if (this.#state === 'unverified' || this.#state === 'rejected') return this.#becomeHealthy();
    return this.recordSuccess();
  }

  /** Returns true if it was not rejected before. */
  markRejected(): boolean {
    const isNew = this.#state !== 'rejected';
    this.#state = 'rejected';
    return isNew;
  }

  #becomeHealthy(): true {
    this.#state = 'healthy';
    this.#transientFailures = 0;
    this.#successes = 0;
    return true;
  }
}
