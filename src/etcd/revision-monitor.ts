// Detects that the store was restored from a backup or emptied. The store then keeps its cluster ID but begins a new history, in which the
// same revision is another state. State that the gateway keeps by revision is then invalid.
//
// The proof: a linearizable request that is sent after the gateway received revision R gets a response of revision R or higher, and of the
// same raft term or a higher one. Serializable reads, watches and the responses of lagging members are lower without a reset, so they never
// prove one. Not detected: a store that was restored and then written past the highest revision received here, in a raft term as high as
// before. A restored or emptied store begins at term 2, and each election raises the term.

/** The highest revision and raft term received before a request was sent. */
export interface RevisionBaseline {
  readonly epoch: number;
  readonly revision: number;
  readonly raftTerm: number;
}

export interface StoreReset {
  /** The store's revision in the response that proved the reset. */
  readonly revision: number;
  /** The highest revision received before. */
  readonly previousRevision: number;
}

export class RevisionMonitor {
  #epoch = 0;
  #revision = 0;
  #raftTerm = 0;
  #lostRevision = 0;
  readonly #listeners = new Set<(reset: StoreReset) => void>();

  /** Counts the resets: revisions of different epochs are not comparable. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The highest revision received in this epoch; 0 before the first. */
  get revision(): number {
    return this.#revision;
  }

  /** The highest revision received in earlier epochs; 0 without a reset. */
  get lostRevision(): number {
    return this.#lostRevision;
  }

  /** Calls the listener immediately after each reset. Listeners must not throw. */
  subscribe(listener: (reset: StoreReset) => void): void {
    this.#listeners.add(listener);
  }

  /** Take it before the request is sent. */
  baseline(): RevisionBaseline {
    return { epoch: this.#epoch, revision: this.#revision, raftTerm: this.#raftTerm };
  }

  /** Takes the header of a response to a linearizable request. Without a revision or a term it proves nothing. */
  observeResponse(
    mark: RevisionBaseline,
    header: { readonly revision: number; readonly raftTerm: number },
  ): void {
    const { revision, raftTerm } = header;
    // The response may belong to the previous history.
    if (mark.epoch !== this.#epoch || revision === 0) return;
    if (revision < mark.revision || (raftTerm !== 0 && raftTerm < mark.raftTerm)) {
      this.#reset(revision, raftTerm);
      return;
    }
    this.#revision = Math.max(this.#revision, revision);
    this.#raftTerm = Math.max(this.#raftTerm, raftTerm);
  }

  /** Takes a revision of any other response, such as an event of a watch that began in that epoch. */
  observe(epoch: number, revision: number): void {
    if (epoch === this.#epoch) this.#revision = Math.max(this.#revision, revision);
  }

  #reset(revision: number, raftTerm: number): void {
    const previousRevision = this.#revision;
    this.#epoch++;
    this.#lostRevision = Math.max(this.#lostRevision, previousRevision);
    this.#revision = revision;
    this.#raftTerm = raftTerm;
    for (const listener of this.#listeners) listener({ revision, previousRevision });
  }
}
