// The content of files, reloaded when they change, so that certificates and tokens can be replaced under a running gateway. Files that
// are invalid (half written, or of different pairs) change nothing: the last valid content stays in force, and every look tries again.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { messageOf } from '../core/errors.js';
import { systemReason } from '../core/system-reason.js';

export interface ReloadableFilesOptions<T> {
  readonly paths: readonly string[];
  /** Gets the bytes of each path, in order. Throws an `Error` with a reason for people if the files are invalid. */
  readonly parse: (files: readonly Buffer[]) => T;
  /** Called when other content is in force. If it throws, the next look calls it again. */
  readonly onChange?: ((content: T) => void) | undefined;
  /** Called once for each problem, however many looks it lasts. */
  readonly onProblem?: ((reason: string) => void) | undefined;
}

/** The time between two looks at the files. */
const LOOK_MS = 2_000;
/** File systems round their times, some of them to two seconds: a file this young may change again under the same times. */
const UNSETTLED_MS = 5_000;
const FILE_BYTES_MAX = 4 * 1024 * 1024;

interface Loaded<T> {
  readonly content: T;
  readonly digest: string;
  /** `undefined`: the next look reads the files again. */
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
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get content(): T {
    return this.#loaded.content;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
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

  /** What is not announced counts as not loaded: the next look parses and announces it again. */
  #announce(announce: () => void): void {
    try {
      announce();
    } catch (error) {
      this.#loaded = { ...this.#loaded, digest: '', stamp: undefined };
      throw error;
    }
  }
}

/** The content of `before` if the files are the same. Stamps are taken before the read, so that a later change has another stamp. */
function load<T>({ paths, parse }: ReloadableFilesOptions<T>, before?: Loaded<T>): Loaded<T> {
  const now = Date.now();
  const stats = paths.map((path) => readable(path, () => statSync(path, { bigint: true })));
  const stamp = stats.map(stampOf).join();
  if (before?.stamp === stamp) return before;
  const files = paths.map((path, index) => readBounded(path, Number(stats[index]?.size)));
  const digest = digestOf(files);
  const content = before?.digest === digest ? before.content : parse(files);
  const isSettled = stats.every((each) => isOlder(each, now - UNSETTLED_MS));
  return { content, digest, stamp: isSettled ? stamp : undefined };
}

/** Mounted secrets change by their link, so the file behind it counts. `ctime` changes even if a tool restores size and `mtime`. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

/** A pipe is read once: its content does not come again. */
function isOlder(stats: BigIntStats, thenMs: number): boolean {
  return !stats.isFile() || (Number(stats.mtimeMs) < thenMs && Number(stats.ctimeMs) < thenMs);
}

function readBounded(path: string, size: number): Buffer {
  if (size > FILE_BYTES_MAX) {
    throw new Error(`${path} has ${size} bytes; the maximum is ${FILE_BYTES_MAX}`);
  }
  return readable(path, () => readFileSync(path));
}

/** Node's message names a system call and no remedy. */
function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}

/** Spares the content of a private key in memory. Lengths first: no two lists of files have one digest. */
function digestOf(files: readonly Buffer[]): string {
  const hash = createHash('sha256').update(JSON.stringify(files.map(({ length }) => length)));
  for (const file of files) hash.update(file);
  return hash.digest('base64url');
}
