// `latchkey hash-token`: prints the line for a token in the file of API tokens. The token is read from standard input or generated; it is
// never an argument, because other processes can read those.
import { createToken } from '../domain/contention/key.js';
import { sha256 } from '../core/secret.js';

/** The hash has no salt and a single round, so tokens must be long enough to resist guessing. */
const TOKEN_CHARACTERS_MIN = 20;
const TOKEN_CHARACTERS_MAX = 512;
/** Characters that an Authorization header can contain. */
const TOKEN = /^[\x21-\x7e]+$/;

export interface TokenInput extends AsyncIterable<Buffer> {
  readonly isTTY?: boolean;
}

export interface HashedToken {
  /** The line for the file, with empty name, prefixes and rights; the gateway rejects it until they are filled in. */
  readonly line: string;
  /** The generated token, which is shown once. */
  readonly token?: string;
}

/** Throws an `Error` with a readable reason if the input is not a token. */
export async function hashToken(input: TokenInput, generate: boolean): Promise<HashedToken> {
  if (generate || input.isTTY === true) {
    const token = createToken();
    return { line: lineFor(token), token };
  }
  return { line: lineFor(await readToken(input)) };
}

async function readToken(input: TokenInput): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += chunk.toString('latin1');
    if (text.length > TOKEN_CHARACTERS_MAX + 2) break;
  }
  // The shell adds a newline at the end.
  const token = text.replace(/\r?\n$/, '');
  if (!TOKEN.test(token))
    throw new Error(
      'standard input is not a token: expected one line of printable ASCII without spaces',
    );
  if (token.length < TOKEN_CHARACTERS_MIN || token.length > TOKEN_CHARACTERS_MAX) {
    throw new Error(
      `the token has ${token.length} characters; ${TOKEN_CHARACTERS_MIN} to ${TOKEN_CHARACTERS_MAX} random characters are required; latchkey hash-token --generate creates a token`,
    );
  }
  return token;
}

function lineFor(token: string): string {
  return JSON.stringify({
    name: '',
    sha256: sha256(token).toString('hex'),
    prefixes: [],
    rights: [],
  });
}
