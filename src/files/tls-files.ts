// Certificates and keys from files, reloaded when they change, so that they can be rotated while the gateway runs.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { messageOf } from '../core/errors.js';
import { ReloadableFiles } from './reloadable-files.js';

export interface TlsPaths {
  /** Authorities that must sign the peer's certificate; the system's authorities by default. */
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
  /** Called when new files are in use. If it throws, it is called again later. */
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
  readonly #files: ReloadableFiles<Loaded>;

  /** Throws an `Error` with a readable reason if the files are invalid. */
  constructor(paths: TlsPaths, { onChange, onProblem }: TlsFilesOptions = {}) {
    const names = MATERIAL.filter((name) => paths[name] !== undefined);
    this.#files = new ReloadableFiles({
      paths: names.map((name) => paths[name] ?? ''),
      parse(files) {
        const material: TlsMaterial = Object.fromEntries(
          names.map((name, index) => [name, files[index]]),
        );
        requirePem(paths, material);
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

/** Checks each file separately, because OpenSSL's errors name neither the file nor the problem. */
function requirePem(paths: TlsPaths, { ca, cert, key }: TlsMaterial): void {
  const notFoundIn = (what: string, path: string | undefined): string =>
    `${path ?? ''} does not contain a ${what} in PEM format`;
  if (ca !== undefined) parsed(() => new X509Certificate(ca), notFoundIn('certificate', paths.ca));
  const certificate =
    cert && parsed(() => new X509Certificate(cert), notFoundIn('certificate', paths.cert));
  const privateKey =
    key &&
    parsed(() => createPrivateKey(key), notFoundIn('private key without a passphrase', paths.key));
  if (certificate && privateKey && !certificate.checkPrivateKey(privateKey)) {
    throw new Error(
      `the key in ${paths.key ?? ''} does not match the certificate in ${paths.cert ?? ''}`,
    );
  }
}

function parsed<T>(parse: () => T, problem: string): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(problem, { cause: error });
  }
}

function contextOf(material: TlsMaterial): SecureContext {
  try {
    return createSecureContext(material);
  } catch (error) {
    throw new Error(`the certificate, key or authority is invalid: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
