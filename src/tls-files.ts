// Certificates and keys from files, read again when they change, so that they can be rotated under a running gateway.
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { messageOf } from './errors.js';
import { LiveFiles } from './live-files.js';

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

interface Loaded {
  readonly material: TlsMaterial;
  readonly context: SecureContext;
}

export class TlsFiles {
  readonly #files: LiveFiles<Loaded>;

  /** Throws an `Error` with a reason for people when the files cannot be used. */
  constructor(paths: TlsPaths, { onChange, onProblem }: TlsFilesOptions = {}) {
    this.#files = new LiveFiles({
      paths: [paths.ca, paths.cert, paths.key].filter((path) => path !== undefined),
      read() {
        const material = readMaterial(paths);
        return { material, context: contextOf(material) };
      },
      onChange: ({ material }) => onChange?.(material),
      onProblem,
    });
  }

  get context(): SecureContext {
    return this.#files.content.context;
  }

  get material(): TlsMaterial {
    return this.#files.content.material;
  }

  close(): void {
    this.#files.close();
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
