// What files say, read again when they change, so that certificates and tokens can be replaced under a running gateway. Files that cannot
// be used (half written, of different pairs) change nothing: what was read last stays in force.
import { statSync } from 'node:fs';
import { messageOf } from './errors.js';

export interface LiveFilesOptions<T> {
  readonly paths: readonly string[];
  /** Throws an `Error` with a reason for people when the files cannot be used. */
  readonly read: () => T;
  /** Called when something else is in force from now on. */
  readonly onChange?: ((content: T) => void) | undefined;
  /** Called once for each change that is of no use. */
  readonly onProblem?: ((reason: string) => void) | undefined;
}

/** How often it is looked whether the files have changed. */
const LOOK_MS = 2_000;

export class LiveFiles<T> {
  readonly #options: LiveFilesOptions<T>;
  readonly #timer: NodeJS.Timeout;
  #stamp: string;
  #content: T;
  #problem: string | undefined;

  /** Throws what `read` throws. */
  constructor(options: LiveFilesOptions<T>) {
    this.#options = options;
    this.#stamp = stampOf(options.paths);
    this.#content = options.read();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get content(): T {
    return this.#content;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { paths, read, onChange, onProblem } = this.#options;
    try {
      const stamp = stampOf(paths);
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      this.#problem = undefined;
      const content = read();
      this.#content = content;
      onChange?.(content);
    } catch (error) {
      const problem = messageOf(error);
      // A file that is missing is so at every look.
      if (problem !== this.#problem) onProblem?.(problem);
      this.#problem = problem;
    }
  }
}

/** Says whether any of the files is another one. Mounted secrets change by their link, so the file behind it is looked at. */
function stampOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const { mtimeMs, size, ino } = statSync(path);
      return `${ino}:${size}:${mtimeMs}`;
    })
    .join();
}
