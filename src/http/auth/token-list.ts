// What a file of API tokens says: JSON `[{name, sha256, prefixes, rights}]`. The tokens themselves are not in it. All its mistakes are told
// at once, each with its JSON pointer.
import type { Right } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { parseJsonBody } from '../body/json.js';

export interface ListedToken {
  readonly name: string;
  readonly sha256: Buffer;
  readonly prefixes: readonly string[];
  readonly rights: ReadonlySet<Right>;
}

/** Each is compared with what a caller presents. */
const TOKENS_MAX = 1_000;
const PREFIXES_MAX = 100;
const PREFIX_BYTES_MAX = 1_024;
const PROBLEMS_SHOWN_MAX = 50;
const VALUE_SHOWN_CHARACTERS_MAX = 80;

const RIGHTS: readonly Right[] = ['read', 'write', 'lock', 'admin'];
const FIELDS = ['name', 'sha256', 'prefixes', 'rights'] as const;
/** Stands in logs, and in lock entries as who acquired them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
/** What callers without authentication are called. */
const NAME_OF_NOBODY = 'anonymous';
const SHA256 = /^[0-9a-f]{64}$/i;

/** The message has one line for each mistake. */
export class TokenListError extends Error {
  constructor(problems: readonly string[]) {
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
    const left = problems.length - shown.length;
    super([...shown, ...(left > 0 ? [`and ${left} more`] : [])].join('\n'));
    this.name = 'TokenListError';
  }
}

/** Throws `TokenListError`. */
export function parseTokenList(bytes: Buffer): readonly ListedToken[] {
  const list = parseJson(bytes);
  if (!Array.isArray(list))
    throw new TokenListError(['the file is no list; write [{"name": ...}, ...]']);
  if (list.length > TOKENS_MAX)
    throw new TokenListError([`the file has ${list.length} tokens; ${TOKENS_MAX} are the most`]);
  const problems: string[] = [];
  const say = (pointer: string, problem: string): void =>
    void problems.push(`${pointer}: ${problem}`);
  list.forEach((each: unknown, index) => checkToken(each, `/${index}`, say));
  const tokens = list as readonly Record<(typeof FIELDS)[number], unknown>[];
  if (problems.length === 0) {
    checkDistinct(
      tokens.map(({ name }) => name),
      'name',
      say,
    );
    checkDistinct(
      tokens.map(({ sha256 }) => String(sha256).toLowerCase()),
      'sha256',
      say,
    );
  }
  if (problems.length > 0) throw new TokenListError(problems);
  return tokens.map(({ name, sha256, prefixes, rights }) => ({
    name: name as string,
    sha256: Buffer.from(sha256 as string, 'hex'),
    prefixes: prefixes as string[],
    rights: new Set(rights as Right[]),
  }));
}

function parseJson(bytes: Buffer): unknown {
  try {
    return parseJsonBody(bytes);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const [place] = (error.fields.errors as { pointer: string }[] | undefined) ?? [];
    const at = place === undefined || place.pointer === '' ? '' : `${place.pointer}: `;
    throw new TokenListError([`${at}${error.message.replace('the body', 'the file')}`]);
  }
}

type Say = (pointer: string, problem: string) => void;

function checkToken(token: unknown, at: string, say: Say): void {
  if (typeof token !== 'object' || token === null || Array.isArray(token)) {
    say(at, `it is no object with ${FIELDS.join(', ')}`);
    return;
  }
  for (const field of Object.keys(token)) {
    if (!FIELDS.some((known) => known === field))
      say(`${at}/${field}`, `there is no such field; the fields are ${FIELDS.join(', ')}`);
  }
  const { name, sha256, prefixes, rights } = token as Partial<Record<string, unknown>>;
  if (typeof name !== 'string' || !NAME.test(name) || name === NAME_OF_NOBODY)
    say(
      `${at}/name`,
      `${shown(name)} is no name; write 1 to 64 of A-Z a-z 0-9 . _ @ -, not ${NAME_OF_NOBODY}`,
    );
  if (typeof sha256 !== 'string' || !SHA256.test(sha256))
    say(`${at}/sha256`, 'it is no SHA-256 in 64 hex digits; latchkey hash-token makes it');
  if (checkList(prefixes, `${at}/prefixes`, PREFIXES_MAX, say))
    prefixes.forEach((each, index) => checkPrefix(each, `${at}/prefixes/${index}`, say));
  if (checkList(rights, `${at}/rights`, RIGHTS.length, say))
    rights.forEach((each, index) => {
      if (!RIGHTS.some((right) => right === each))
        say(
          `${at}/rights/${index}`,
          `${shown(each)} is no right; the rights are ${RIGHTS.join(', ')}`,
        );
    });
}

function checkList(value: unknown, at: string, lengthMax: number, say: Say): value is unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= lengthMax) return true;
  say(
    at,
    `it is no list of 1 to ${lengthMax}${at.endsWith('prefixes') ? '; [""] covers everything' : ''}`,
  );
  return false;
}

function checkPrefix(prefix: unknown, at: string, say: Say): void {
  if (typeof prefix !== 'string') say(at, `${shown(prefix)} is no text`);
  else if (Buffer.byteLength(prefix) > PREFIX_BYTES_MAX)
    say(at, `it has more than ${PREFIX_BYTES_MAX} bytes`);
}

function checkDistinct(values: readonly unknown[], field: string, say: Say): void {
  const first = new Map<unknown, number>();
  values.forEach((value, index) => {
    const before = first.get(value);
    if (before === undefined) first.set(value, index);
    else say(`/${index}/${field}`, `the same as /${before}/${field}`);
  });
}

function shown(value: unknown): string {
  return value === undefined
    ? 'nothing'
    : JSON.stringify(value).slice(0, VALUE_SHOWN_CHARACTERS_MAX);
}
