// Certificates and keys from files, read again when they change, so that they can be rotated under a running gateway. Files that cannot be
// used (half written, key and certificate of different pairs) change nothing: what was read last stays in force.
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';

export interface TlsPaths {
  /** Authorities that the other side's certificate must come from; the system's own without it. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface TlsFilesOptions {
  /** Called when other files are in force from now on. */
  readonly onChange?: (material: TlsMaterial) => void;
  /** Called once for each change that is of no use. */
  readonly onProblem?: (reason: string) => void;
}

/** How often it is looked whether the files have changed. */
const LOOK_MS = 2_000;

export class TlsFiles {
  readonly #paths: TlsPaths;
  readonly #options: TlsFilesOptions;
  readonly #timer: NodeJS.Timeout;
  #stamp: string;
  #material: TlsMaterial;
  #context: SecureContext;

  /** Throws an `Error` with a reason for people when the files cannot be used. */
  constructor(paths: TlsPaths, options: TlsFilesOptions = {}) {
    this.#paths = paths;
    this.#options = options;
    this.#stamp = stampOf(paths);
    this.#material = readMaterial(paths);
    this.#context = contextOf(this.#material);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get context(): SecureContext {
    return this.#context;
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      const stamp = stampOf(this.#paths);
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      const material = readMaterial(this.#paths);
      this.#context = contextOf(material);
      this.#material = material;
      this.#options.onChange?.(material);
    } catch (error) {
      this.#options.onProblem?.(messageOf(error));
    }
  }
}

function readMaterial({ ca, cert, key }: TlsPaths): TlsMaterial {
  return {
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  };
}

function contextOf(material: TlsMaterial): SecureContext {
  try {
    return createSecureContext(material);
  } catch (error) {
    throw new Error(`certificate, key or authority cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Says whether any of the files is another one. Mounted secrets change by their link, so the file behind it is looked at. */
function stampOf(paths: TlsPaths): string {
  return Object.values(paths as Record<string, string | undefined>)
    .flatMap((path) => (path === undefined ? [] : stampOfFile(path)))
    .join();
}

function stampOfFile(path: string): string {
  const { mtimeMs, size, ino } = statSync(path);
  return `${ino}:${size}:${mtimeMs}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
