// The API tokens that the gateway accepts, from a file that is reloaded when it changes. The file contains only digests, so reading it does
// not reveal a token.
import { setMaxListeners } from 'node:events';
import type { Identity } from '../../core/caller.js';
import { ReloadableFiles } from '../../files/reloadable-files.js';
import { fingerprint, isSameDigest, sha256 } from '../../core/secret.js';
import { TokenListError, parseTokenList } from './token-list.js';
import type { ListedToken } from './token-list.js';

const FILE_BYTES_MAX = 1024 * 1024;

export interface TokenFileOptions {
  /** Called with the number of tokens after a changed file was loaded. */
  readonly onChange?: (tokens: number) => void;
  /** Called once for each problem. */
  readonly onProblem?: (reason: string) => void;
}

interface KnownToken {
  readonly digest: Buffer;
  readonly identity: Identity;
  readonly revoke: () => void;
}

export class TokenFile {
  readonly #file: ReloadableFiles<readonly KnownToken[]>;
  /** By the fingerprint of all fields of their entry. */
  #known: ReadonlyMap<string, KnownToken> = new Map();
  #reads = 0;

  /** Throws an `Error` that names every mistake if the file is unusable. */
  constructor(path: string, { onChange, onProblem }: TokenFileOptions = {}) {
    this.#file = new ReloadableFiles({
      paths: [path],
      parse: ([file]) => this.#replace(parseTokens(file ?? Buffer.alloc(0))),
      onChange: ({ length }) => onChange?.(length),
      onProblem,
    });
  }

  /** Returns the identity of a token, or `undefined` if the file has no such token. Compares every digest, so the time reveals nothing. */
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

  /**
   * Keeps tokens whose entry is unchanged. Revokes tokens whose entry was removed or changed. A token that returns later gets a new
   * identity, because work that is shared under the old identity may not have ended yet.
   */
  #replace(listed: readonly ListedToken[]): readonly KnownToken[] {
    this.#reads++;
    const before = this.#known;
    const now = new Map(
      listed.map((token) => {
        const id = fingerprintOf(token);
        return [id, before.get(id) ?? toKnown(token, `${id} ${this.#reads}`)];
      }),
    );
    this.#known = now;
    for (const [id, token] of before) if (!now.has(id)) token.revoke();
    return [...now.values()];
  }
}

function parseTokens(file: Buffer): readonly ListedToken[] {
  const size = file.length;
  if (size > FILE_BYTES_MAX)
    throw new TokenListError([`the file has ${size} bytes; at most ${FILE_BYTES_MAX} are allowed`]);
  return parseTokenList(file);
}

function fingerprintOf({ name, sha256: digest, prefixes, rights }: ListedToken): string {
  return fingerprint(
    'token',
    name,
    digest.toString('hex'),
    JSON.stringify([prefixes, [...rights]]),
  );
}

/** `key` identifies the token from this load of the file until its entry changes. */
function toKnown({ name, sha256: digest, prefixes, rights }: ListedToken, key: string): KnownToken {
  const revocation = new AbortController();
  // Every request, watch and hold of the client listens to it.
  setMaxListeners(0, revocation.signal);
  const scope = { prefixes, rights };
  return {
    digest,
    identity: { key: `api-token:${key}`, name, scope, revoked: revocation.signal },
    revoke: () => revocation.abort(),
  };
}
