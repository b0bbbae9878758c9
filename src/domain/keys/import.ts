// Writes a stream of entries in batches of one transaction each. Every error states how far the import came, so that the client can
// continue a broken upload from there.
import type { Caller } from '../../core/caller.js';
import { GatewayError, shuttingDown } from '../../core/errors.js';
import { isAbsent } from '../../etcd/compare.js';
import type { EtcdClient } from '../../etcd/client.js';
import { OPERATIONS_TOGETHER_MAX } from '../../etcd/wire.js';
import type { RequestOp, ResponseOp } from '../../etcd/wire.js';
import { readRevision } from '../cluster.js';
import { callerForSteps } from './export.js';
import type { ReservedKeys } from '../reserved.js';

/** etcd accepts 1.5 MiB per request by default. */
const BATCH_BYTES_MAX = 1024 * 1024;
/** Approximate size of a put besides its key and value. */
const PUT_OVERHEAD_BYTES = 64;
/** Errors of a batch that may concern only some of its lines: the batch is split and retried. */
const SPLIT_CODES = ['too-large', 'invalid-request', 'permission-denied'];

export interface ImportDeps {
  readonly etcd: EtcdClient;
  readonly reserved: ReservedKeys;
  /** Aborted when the gateway begins to drain; then no further batch starts. */
  readonly draining: AbortSignal;
}

export interface ImportedEntry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly hadLease: boolean;
}

interface ImportLine extends ImportedEntry {
  readonly line: number;
}

/** The progress of an import. */
export interface ImportCounts {
  /** Lines from the beginning of the upload that are done, including those that the client asked to skip. */
  readonly lines: number;
  readonly written: number;
  /** Lines that were not written because the key exists. */
  readonly skipped: number;
  /** Written entries that had a lease when they were exported. */
  readonly leasesDropped: number;
}

export class Importer {
  readonly #stepCaller: () => Caller;
  readonly #deps: ImportDeps;
  readonly #ifAbsent: boolean;
  #counts: ImportCounts;
  #revision: number | undefined;
  #batch: ImportLine[] = [];
  #keys = new Set<string>();
  #bytes = 0;

  /** `skip`: lines that an earlier upload wrote. */
  constructor(
    caller: Caller,
    deps: ImportDeps,
    { ifAbsent, skip }: { readonly ifAbsent: boolean; readonly skip: number },
  ) {
    this.#stepCaller = callerForSteps(caller);
    this.#deps = deps;
    this.#ifAbsent = ifAbsent;
    this.#counts = { lines: skip, written: 0, skipped: 0, leasesDropped: 0 };
  }

  /**
   * Adds a line, counted from 1, to the next batch. Resolves when there is room for another one. Throws what `read` throws,
   * `reserved-prefix`, and the error of a batch.
   */
  async add(line: number, read: () => ImportedEntry): Promise<void> {
    const entry = this.#check(line, read);
    const name = entry.key.toString('latin1');
    const bytes = entry.key.length * 2 + entry.value.length + PUT_OVERHEAD_BYTES;
    const isFull =
      this.#batch.length >= OPERATIONS_TOGETHER_MAX || this.#bytes + bytes > BATCH_BYTES_MAX;
    // etcd rejects two puts of one key in one transaction. In two transactions the later put wins, as in the file.
    if (isFull || this.#keys.has(name)) await this.#flush();
    this.#batch.push({ ...entry, line });
    this.#keys.add(name);
    this.#bytes += bytes;
  }

  /** Writes the last batch of an upload of `lines` lines. */
  async finish(lines: number): Promise<ImportCounts & { readonly revision: number }> {
    await this.#flush();
    this.#counts = { ...this.#counts, lines };
    const revision = this.#revision ?? (await readRevision(this.#stepCaller(), this.#deps));
    return { ...this.#counts, revision };
  }

  /** Returns the error with the progress of the import. */
  withProgress(error: unknown): unknown {
    if (!(error instanceof GatewayError)) return error;
    const { lines, written, skipped } = this.#counts;
    const isUntouched = error.outcome === 'not-applied' && written + skipped === 0;
    const outcome = error.outcome && (isUntouched ? 'not-applied' : 'unknown');
    const { retryAfterSeconds } = error;
    return new GatewayError(error.code, {
      detail: error.message,
      hint: `${error.hint === undefined ? '' : `${error.hint}; `}continue with ?skip=${lines}`,
      ...(outcome && { outcome }),
      // Only if the whole upload may be repeated.
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

  async #write(batch: readonly ImportLine[]): Promise<void> {
    if (this.#deps.draining.aborted) throw shuttingDown(NOT_APPLIED);
    try {
      await this.#writeAtOnce(batch);
    } catch (error) {
      if (!(error instanceof GatewayError) || !SPLIT_CODES.includes(error.code)) throw error;
      const [first] = batch;
      if (batch.length === 1 && first !== undefined) throw atLine(error, first.line);
      const middle = Math.ceil(batch.length / 2);
      await this.#write(batch.slice(0, middle));
      await this.#write(batch.slice(middle));
    }
  }

  async #writeAtOnce(batch: readonly ImportLine[]): Promise<void> {
    const { etcd } = this.#deps;
    const puts = batch.map(({ key, value }) => ({ key, value }));
    const [only] = puts;
    if (!this.#ifAbsent && only !== undefined && puts.length === 1) {
      // A transaction would leave less room for the value in etcd's request limit.
      const response = await etcd.put(this.#stepCaller(), only);
      this.#count(batch, response.header.revision, () => true);
      return;
    }
    const success = puts.map((put): RequestOp => {
      const op: RequestOp = { kind: 'put', put };
      if (!this.#ifAbsent) return op;
      return { kind: 'txn', txn: { compare: [isAbsent(put.key)], success: [op], failure: [] } };
    });
    const response = await etcd.txn(this.#stepCaller(), { compare: [], success, failure: [] });
    const isWritten = (op: ResponseOp | undefined): boolean =>
      op?.kind !== 'txn' || op.txn.succeeded;
    this.#count(batch, response.header.revision, (i) => isWritten(response.responses[i]));
  }

  #count(
    batch: readonly ImportLine[],
    revision: number,
    isWritten: (index: number) => boolean,
  ): void {
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

const NOT_APPLIED = { outcome: 'not-applied', retryAfterSeconds: 1 } as const;

/** Returns the error with the line that it concerns. */
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
