// Parses a file of API tokens: JSON `[{name, sha256, prefixes, rights}]`. It contains digests, not tokens. All mistakes are reported at once,
// each with its JSON pointer.
import type { Right } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { parseJsonBody } from '../body/json.js';

export interface ListedToken {
  readonly name: string;
  readonly sha256: Buffer;
  readonly prefixes: readonly string[];
  readonly rights: ReadonlySet<Right>;
}

/** Each digest is compared with every presented token. */
const TOKENS_MAX = 1_000;
const PREFIXES_MAX = 100;
const PREFIX_BYTES_MAX = 1_024;
const PROBLEMS_SHOWN_MAX = 50;
const VALUE_SHOWN_CHARACTERS_MAX = 80;

const RIGHTS: readonly Right[] = ['read', 'write', 'lock', 'admin'];
const FIELDS = ['name', 'sha256', 'prefixes', 'rights'] as const;
/** The name appears in logs, and in lock entries as their creator. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
/** The name of clients without authentication. */
const ANONYMOUS_NAME = 'anonymous';
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
    throw new TokenListError(['the file is not a list; write [{"name": ...}, ...]']);
  if (list.length > TOKENS_MAX)
    throw new TokenListError([
      `the file has ${list.length} tokens; at most ${TOKENS_MAX} are allowed`,
    ]);
  const problems: string[] = [];
  const report = (pointer: string, problem: string): void =>
    void problems.push(`${pointer}: ${problem}`);
  list.forEach((each: unknown, index) => checkToken(each, `/${index}`, report));
  const tokens = list as readonly Record<(typeof FIELDS)[number], unknown>[];
  if (problems.length === 0) {
    checkDistinct(
      tokens.map(({ name }) => name),
      'name',
      report,
    );
    checkDistinct(
      tokens.map(({ sha256 }) => String(sha256).toLowerCase()),
      'sha256',
      report,
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
    const [first] = (error.fields.errors as { pointer: string }[] | undefined) ?? [];
    const at = first === undefined || first.pointer === '' ? '' : `${first.pointer}: `;
    throw new TokenListError([`${at}${error.message.replace('the body', 'the file')}`]);
  }
}

type Report = (pointer: string, problem: string) => void;

function checkToken(token: unknown, at: string, report: Report): void {
  if (typeof token !== 'object' || token === null || Array.isArray(token)) {
    report(at, `it is not an object with ${FIELDS.join(', ')}`);
    return;
  }
  for (const field of Object.keys(token)) {
    if (!FIELDS.some((known) => known === field))
      report(`${at}/${field}`, `there is no such field; the fields are ${FIELDS.join(', ')}`);
  }
  const { name, sha256, prefixes, rights } = token as Partial<Record<string, unknown>>;
  if (typeof name !== 'string' || !NAME.test(name) || name === ANONYMOUS_NAME)
    report(
      `${at}/name`,
      `${shown(name)} is not a valid name; use 1 to 64 characters of A-Z a-z 0-9 . _ @ -, not ${ANONYMOUS_NAME}`,
    );
  if (typeof sha256 !== 'string' || !SHA256.test(sha256))
    report(
      `${at}/sha256`,
      'it is not a SHA-256 digest in 64 hex digits; latchkey hash-token prints one',
    );
  if (checkList(prefixes, `${at}/prefixes`, PREFIXES_MAX, report))
    prefixes.forEach((each, index) => checkPrefix(each, `${at}/prefixes/${index}`, report));
  if (checkList(rights, `${at}/rights`, RIGHTS.length, report))
    rights.forEach((each, index) => {
      if (!RIGHTS.some((right) => right === each))
        report(
          `${at}/rights/${index}`,
          `${shown(each)} is not a right; the rights are ${RIGHTS.join(', ')}`,
        );
    });
}

function checkList(
  value: unknown,
  at: string,
  lengthMax: number,
  report: Report,
): value is unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= lengthMax) return true;
  report(
    at,
    `it is not a list of 1 to ${lengthMax} entries${at.endsWith('prefixes') ? '; [""] covers everything' : ''}`,
  );
  return false;
}

function checkPrefix(prefix: unknown, at: string, report: Report): void {
  if (typeof prefix !== 'string') report(at, `${shown(prefix)} is not a string`);
  else if (Buffer.byteLength(prefix) > PREFIX_BYTES_MAX)
    report(at, `it has more than ${PREFIX_BYTES_MAX} bytes`);
}

function checkDistinct(values: readonly unknown[], field: string, report: Report): void {
  const first = new Map<unknown, number>();
  values.forEach((value, index) => {
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, index);
    else report(`/${index}/${field}`, `the same as /${earlier}/${field}`);
  });
}

function shown(value: unknown): string {
  return value === undefined
    ? 'nothing'
    : JSON.stringify(value).slice(0, VALUE_SHOWN_CHARACTERS_MAX);
}
