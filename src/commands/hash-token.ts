// `latchkey hash-token`: makes the line that the file of API tokens needs for a token. The token is read from standard input, or made; never
// from the command line, which other processes see.
import { createToken } from '../domain/contention/key.js';
import { sha256 } from '../core/secret.js';

/** Hashed once and without salt: it has to be one that nobody finds by trying. */
const TOKEN_CHARACTERS_MIN = 20;
const TOKEN_CHARACTERS_MAX = 512;
/** What an Authorization header carries. */
const TOKEN = /^[\x21-\x7e]+$/;

export interface TokenInput extends AsyncIterable<Buffer> {
  readonly isTTY?: boolean;
}

export interface HashedToken {
  /** The line for the file: prefixes and rights are left to fill in, and an unfinished line is refused. */
  readonly line: string;
  /** One that was made here: shown once. */
  readonly token?: string;
}

/** Throws an `Error` with a reason for people for what is no token. */
export async function hashToken(input: TokenInput, isToMake: boolean): Promise<HashedToken> {
  if (isToMake || input.isTTY === true) {
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
  // One newline at the end is the shell's.
  const token = text.replace(/\r?\n$/, '');
  if (!TOKEN.test(token))
    throw new Error('standard input is no token: one line of printable ASCII without spaces');
  if (token.length < TOKEN_CHARACTERS_MIN || token.length > TOKEN_CHARACTERS_MAX) {
    throw new Error(
      `the token has ${token.length} characters; ${TOKEN_CHARACTERS_MIN} to ${TOKEN_CHARACTERS_MAX} random ones are right: latchkey hash-token --generate makes one`,
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
