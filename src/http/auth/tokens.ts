// The API tokens that the gateway knows, from a file that is read again when it changes. Who presents one is told apart by its hash: the
// file gives nobody a token.
import { readFileSync, statSync } from 'node:fs';
import type { Identity } from '../../caller.js';
import { LiveFiles } from '../../live-files.js';
import { fingerprint, isSameDigest, sha256 } from '../../secret.js';
import { TokenListError, parseTokenList } from './token-list.js';
import type { ListedToken } from './token-list.js';

const FILE_BYTES_MAX = 1024 * 1024;

export interface TokenFileOptions {
  /** Called with the number of tokens when other ones are in force from now on. */
  readonly onChange?: (tokens: number) => void;
  /** Called once for each change that is of no use. */
  readonly onProblem?: (reason: string) => void;
}

interface KnownToken {
  readonly digest: Buffer;
  readonly identity: Identity;
}

export class TokenFile {
  readonly #file: LiveFiles<readonly KnownToken[]>;

  /** Throws an `Error` that names every mistake when the file cannot be used. */
  constructor(path: string, { onChange, onProblem }: TokenFileOptions = {}) {
    this.#file = new LiveFiles({
      paths: [path],
      read: () => readTokens(path),
      onChange: ({ length }) => onChange?.(length),
      onProblem,
    });
  }

  /** Whose token it is; `undefined` for one that the file does not name. Takes as long for any: each token of the file is compared. */
  identify(presented: string): Identity | undefined {
    const digest = sha256(presented);
    let found: Identity | undefined;
    for (const token of this.#file.content) {
      if (isSameDigest(token.digest, digest)) found = token.identity;
    }
    return found;
  }

  close(): void {
    this.#file.close();
  }
}

function readTokens(path: string): readonly KnownToken[] {
  const { size } = statSync(path);
  if (size > FILE_BYTES_MAX)
    throw new TokenListError([`: the file has ${size} bytes; ${FILE_BYTES_MAX} are the most`]);
  return parseTokenList(readFileSync(path)).map(toKnown);
}

function toKnown({ name, sha256: digest, prefixes, rights }: ListedToken): KnownToken {
  // Whatever of it changes, what runs under the old one is not shared with what comes under the new one.
  const key = fingerprint(
    'token',
    name,
    digest.toString('hex'),
    JSON.stringify([prefixes, [...rights]]),
  );
  return { digest, identity: { key: `api-token:${key}`, name, scope: { prefixes, rights } } };
}
