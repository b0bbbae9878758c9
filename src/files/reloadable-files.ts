// Reloads files when they change, so that certificates and tokens can be replaced while the gateway runs. While files are invalid, for
// example half written or of different pairs, the last valid content stays in use, and every check reads them again.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { messageOf } from '../core/errors.js';
import { systemReason } from '../core/system-reason.js';

export interface ReloadableFilesOptions<T> {
  readonly paths: readonly string[];
  /** Gets the bytes of each path, in order. Throws an `Error` with a readable reason if the files are invalid. */
  readonly parse: (files: readonly Buffer[]) => T;
  /** Called when new content is in use. If it throws, the next check calls it again. */
  readonly onChange?: ((content: T) => void) | undefined;
  /** Called once for each problem, regardless of how long it lasts. */
  readonly onProblem?: ((reason: string) => void) | undefined;
}

/** The time between two checks of the files. */
const CHECK_MS = 2_000;
/** File systems round times, some of them to two seconds: a file changed this recently may change again without a new time. */
const UNSETTLED_MS = 5_000;
const FILE_BYTES_MAX = 4 * 1024 * 1024;

interface Loaded<T> {
  readonly content: T;
  readonly digest: string;
  /** `undefined`: the next check reads the files again. */
  readonly stamp: string | undefined;
}

export class ReloadableFiles<T> {
  readonly #options: ReloadableFilesOptions<T>;
  readonly #timer: NodeJS.Timeout;
  #loaded: Loaded<T>;
  #problem: string | undefined;

  /** Throws what `parse` throws, and the error of a file that cannot be read. */
  constructor(options: ReloadableFilesOptions<T>) {
    this.#options = options;
    this.#loaded = load(options);
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  get content(): T {
    return this.#loaded.content;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const { onChange, onProblem } = this.#options;
    const before = this.#loaded;
    try {
      const loaded = load(this.#options, before);
      this.#loaded = loaded;
      if (loaded.digest !== before.digest) this.#announce(() => onChange?.(loaded.content));
      this.#problem = undefined;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#problem) onProblem?.(problem);
      this.#problem = problem;
    }
  }

  /** Content whose announcement failed counts as not loaded: the next check parses and announces it again. */
  #announce(announce: () => void): void {
    try {
      announce();
    } catch (error) {
      this.#loaded = { ...this.#loaded, digest: '', stamp: undefined };
      throw error;
    }
  }
}

/** Returns `before` if the files are unchanged. Stamps are taken before the read, so that a later change has another stamp. */
function load<T>({ paths, parse }: ReloadableFilesOptions<T>, before?: Loaded<T>): Loaded<T> {
  const now = Date.now();
  const stats = paths.map((path) => readable(path, () => statSync(path, { bigint: true })));
  const stamp = stats.map(stampOf).join();
  if (before?.stamp === stamp) return before;
  const files = paths.map((path, index) => readBounded(path, Number(stats[index]?.size)));
  const digest = digestOf(files);
  const content = before?.digest === digest ? before.content : parse(files);
  const isSettled = stats.every((each) => isUnchangedSince(each, now - UNSETTLED_MS));
  return { content, digest, stamp: isSettled ? stamp : undefined };
}

/** Mounted secrets change by their link, so the stamp is that of its target. `ctime` changes even if a tool restores size and `mtime`. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

/** True for a pipe, which can be read only once. */
function isUnchangedSince(stats: BigIntStats, timeMs: number): boolean {
  return !stats.isFile() || (Number(stats.mtimeMs) < timeMs && Number(stats.ctimeMs) < timeMs);
}

function readBounded(path: string, size: number): Buffer {
  if (size > FILE_BYTES_MAX) {
    throw new Error(`${path} has ${size} bytes; the maximum is ${FILE_BYTES_MAX}`);
  }
  return readable(path, () => readFileSync(path));
}

/** Replaces Node's message, which names only the system call. */
function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}

/** The digest avoids a second copy of private keys in memory. The lengths make the digest of each list of files unique. */
function digestOf(files: readonly Buffer[]): string {
  const hash = createHash('sha256').update(JSON.stringify(files.map(({ length }) => length)));
  for (const file of files) hash.update(file);
  return hash.digest('base64url');
}
