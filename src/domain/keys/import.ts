// Writes entries that come one after the other, in batches that are one transaction each. Knows how far it came, and says so in every
// error, so that a broken upload goes on where it broke.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { isAbsent } from '../../etcd/compare.js';
import type { EtcdClient } from '../../etcd/client.js';
import { OPERATIONS_TOGETHER_MAX } from '../../etcd/wire.js';
import type { RequestOp, ResponseOp } from '../../etcd/wire.js';
import { readRevision } from '../cluster.js';
import { stepsOf } from './export.js';
import type { ReservedKeys } from '../reserved.js';

/** etcd takes 1.5 MiB in a request unless it is set up otherwise. */
const BATCH_BYTES_MAX = 1024 * 1024;
/** Roughly what one put costs besides its bytes. */
const PUT_OVERHEAD_BYTES = 64;
/** What etcd refuses as a whole, and takes or refuses one by one. */
const DIVISIBLE = ['too-large', 'invalid-request', 'permission-denied'];

export interface ImportDeps {
  readonly etcd: EtcdClient;
  readonly reserved: ReservedKeys;
  /** Aborted when the gateway begins to drain: the next batch is not begun. */
  readonly draining: AbortSignal;
}

export interface ImportedEntry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly hadLease: boolean;
}

interface Line extends ImportedEntry {
  readonly line: number;
}

/** How far an import has come. */
export interface ImportCounts {
  /** So many lines from the beginning of the upload are done, the ones skipped on demand among them. */
  readonly lines: number;
  readonly written: number;
  /** Left alone because the key was there. */
  readonly skipped: number;
  /** Entries written that had a lease where they came from. */
  readonly leasesDropped: number;
}

export class Importer {
  readonly #stepOf: () => Caller;
  readonly #deps: ImportDeps;
  readonly #ifAbsent: boolean;
  #counts: ImportCounts;
  #revision: number | undefined;
  #batch: Line[] = [];
  #keys = new Set<string>();
  #bytes = 0;

  /** `skip` lines are done already. */
  constructor(
    caller: Caller,
    deps: ImportDeps,
    { ifAbsent, skip }: { readonly ifAbsent: boolean; readonly skip: number },
  ) {
    this.#stepOf = stepsOf(caller);
    this.#deps = deps;
    this.#ifAbsent = ifAbsent;
    this.#counts = { lines: skip, written: 0, skipped: 0, leasesDropped: 0 };
  }

  /**
   * Takes a line, counted from 1, into the next batch; resolves when there is room for one more. Throws what `read` throws,
   * `reserved-prefix`, and what etcd says of a batch.
   */
  async add(line: number, read: () => ImportedEntry): Promise<void> {
    const entry = this.#check(line, read);
    const name = entry.key.toString('latin1');
    const bytes = entry.key.length * 2 + entry.value.length + PUT_OVERHEAD_BYTES;
    const isFull =
      this.#batch.length >= OPERATIONS_TOGETHER_MAX || this.#bytes + bytes > BATCH_BYTES_MAX;
    // etcd refuses two puts of one key in one transaction; in two the later one wins, as in the file.
    if (isFull || this.#keys.has(name)) await this.#flush();
    this.#batch.push({ ...entry, line });
    this.#keys.add(name);
    this.#bytes += bytes;
  }

  /** Writes what is left of an upload that had so many lines. */
  async finish(lines: number): Promise<ImportCounts & { readonly revision: number }> {
    await this.#flush();
    this.#counts = { ...this.#counts, lines };
    const revision = this.#revision ?? (await readRevision(this.#stepOf(), this.#deps));
    return { ...this.#counts, revision };
  }

  /** The same error, telling how far the import came. */
  explain(error: unknown): unknown {
    if (!(error instanceof GatewayError)) return error;
    const { lines, written, skipped } = this.#counts;
    const isUntouched = error.outcome === 'not-applied' && written + skipped === 0;
    const outcome = error.outcome && (isUntouched ? 'not-applied' : 'unknown');
    const { retryAfterSeconds } = error;
    return new GatewayError(error.code, {
      detail: error.message,
      hint: `${error.hint === undefined ? '' : `${error.hint}; `}go on with ?skip=${lines}`,
      ...(outcome && { outcome }),
      // Only where all of it may be sent again.
      ...(isUntouched && retryAfterSeconds !== undefined && { retryAfterSeconds }),
      fields: { ...error.fields, ...this.#counts },
      headers: error.headers,
      cause: error.cause,
    });
  }

  #check(line: number, read: () => ImportedEntry): ImportedEntry {
    try {
      const entry = read();
      this.#deps.reserved.refuseWrite(entry.key, '/key');
      return entry;
    } catch (error) {
      throw error instanceof GatewayError ? atLine(error, line) : error;
    }
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#keys = new Set();
    this.#bytes = 0;
    if (batch.length > 0) await this.#write(batch);
  }

  async #write(batch: readonly Line[]): Promise<void> {
    if (this.#deps.draining.aborted) throw new GatewayError('shutting-down', NOTHING_DONE);
    try {
      await this.#writeAtOnce(batch);
    } catch (error) {
      if (!(error instanceof GatewayError) || !DIVISIBLE.includes(error.code)) throw error;
      const [first] = batch;
      if (batch.length === 1 && first !== undefined) throw atLine(error, first.line);
      const middle = Math.ceil(batch.length / 2);
      await this.#write(batch.slice(0, middle));
      await this.#write(batch.slice(middle));
    }
  }

  async #writeAtOnce(batch: readonly Line[]): Promise<void> {
    const { etcd } = this.#deps;
    const puts = batch.map(({ key, value }) => ({ key, value }));
    const [only] = puts;
    if (!this.#ifAbsent && only !== undefined && puts.length === 1) {
      // A transaction around it would leave less room for the value.
      const answer = await etcd.put(this.#stepOf(), only);
      this.#count(batch, answer.header.revision, () => true);
      return;
    }
    const success = puts.map((put): RequestOp => {
      const op: RequestOp = { kind: 'put', put };
      if (!this.#ifAbsent) return op;
      return { kind: 'txn', txn: { compare: [isAbsent(put.key)], success: [op], failure: [] } };
    });
    const answer = await etcd.txn(this.#stepOf(), { compare: [], success, failure: [] });
    const isWritten = (op: ResponseOp | undefined): boolean =>
      op?.kind !== 'txn' || op.txn.succeeded;
    this.#count(batch, answer.header.revision, (i) => isWritten(answer.responses[i]));
  }

  #count(batch: readonly Line[], revision: number, isWritten: (index: number) => boolean): void {
    const written = batch.filter((_, index) => isWritten(index));
    const { lines, ...before } = this.#counts;
    this.#revision = revision;
    this.#counts = {
      lines: batch.at(-1)?.line ?? lines,
      written: before.written + written.length,
      skipped: before.skipped + batch.length - written.length,
      leasesDropped: before.leasesDropped + written.filter(({ hadLease }) => hadLease).length,
    };
  }
}

const NOTHING_DONE = { outcome: 'not-applied', retryAfterSeconds: 1 } as const;

/** The same error, of one line. */
function atLine(error: GatewayError, line: number): GatewayError {
  const { code, message, hint, fields, headers, cause } = error;
  return new GatewayError(code, {
    detail: `line ${line}: ${message}`,
    ...(hint !== undefined && { hint }),
    fields: { ...fields, line },
    headers,
    cause,
  });
}
