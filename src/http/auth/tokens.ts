// The API tokens that the gateway knows, from a file that is read again when it changes. Who presents one is told apart by its hash: the
// file gives nobody a token.
import { setMaxListeners } from 'node:events';
import type { Identity } from '../../core/caller.js';
import { ReloadableFiles } from '../../files/reloadable-files.js';
import { fingerprint, isSameDigest, sha256 } from '../../core/secret.js';
import { TokenListError, parseTokenList } from './token-list.js';
import type { ListedToken } from './token-list.js';

const FILE_BYTES_MAX = 1024 * 1024;

export interface TokenFileOptions {
  /** Called with the number of tokens when other ones are in force from now on. */
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
  /** By all that the file says of them. */
  #known: ReadonlyMap<string, KnownToken> = new Map();
  #reads = 0;

  /** Throws an `Error` that names every mistake when the file cannot be used. */
  constructor(path: string, { onChange, onProblem }: TokenFileOptions = {}) {
    this.#file = new ReloadableFiles({
      paths: [path],
      parse: ([file]) => this.#take(parseTokens(file ?? Buffer.alloc(0))),
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

  /**
   * What the file says as before goes on undisturbed. A token that it says nothing of any more, or something else, is withdrawn at once;
   * one that comes back later is another one, since what was shared under the old one may not have ended yet.
   */
  #take(listed: readonly ListedToken[]): readonly KnownToken[] {
    this.#reads++;
    const before = this.#known;
    const now = new Map(
      listed.map((token) => {
        const name = nameOf(token);
        return [name, before.get(name) ?? toKnown(token, `${name} ${this.#reads}`)];
      }),
    );
    this.#known = now;
    for (const [name, token] of before) if (!now.has(name)) token.revoke();
    return [...now.values()];
  }
}

function parseTokens(file: Buffer): readonly ListedToken[] {
  const size = file.length;
  if (size > FILE_BYTES_MAX)
    throw new TokenListError([`the file has ${size} bytes; ${FILE_BYTES_MAX} are the most`]);
  return parseTokenList(file);
}

function nameOf({ name, sha256: digest, prefixes, rights }: ListedToken): string {
  return fingerprint(
    'token',
    name,
    digest.toString('hex'),
    JSON.stringify([prefixes, [...rights]]),
  );
}

/** `key`: of one token, as one reading of the file and those after it know it. */
function toKnown({ name, sha256: digest, prefixes, rights }: ListedToken, key: string): KnownToken {
  const withdrawal = new AbortController();
  // All that runs for its owner listens to it.
  setMaxListeners(0, withdrawal.signal);
  const scope = { prefixes, rights };
  return {
    digest,
    identity: { key: `api-token:${key}`, name, scope, revoked: withdrawal.signal },
    revoke: () => withdrawal.abort(),
  };
}
