// Certificates and keys from files, reloaded when they change, so that they can be rotated under a running gateway.
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
  /** Called when other files are in force. If it throws, it is called again later. */
  readonly onChange?: (material: TlsMaterial) => void;
  /** Called once for each problem. */
  readonly onProblem?: (reason: string) => void;
}

interface Loaded {
  readonly material: TlsMaterial;
  readonly context: SecureContext;
}

/** The options of `TlsPaths`, in the order in which their files are read. */
const MATERIAL = ['ca', 'cert', 'key'] as const;

export class TlsFiles {
  readonly #files: LiveFiles<Loaded>;

  /** Throws an `Error` with a reason for people when the files cannot be used. */
  constructor(paths: TlsPaths, { onChange, onProblem }: TlsFilesOptions = {}) {
    const names = MATERIAL.filter((name) => paths[name] !== undefined);
    this.#files = new LiveFiles({
      paths: names.map((name) => paths[name] ?? ''),
      parse(files) {
        const material: TlsMaterial = Object.fromEntries(
          names.map((name, index) => [name, files[index]]),
        );
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

function contextOf(material: TlsMaterial): SecureContext {
  try {
    return createSecureContext(material);
  } catch (error) {
    throw new Error(`certificate, key or authority cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
