// Parses parameters like Go's net/http, as etcd does: from the query and, for PUT and POST, from a form in the body, which takes precedence.
// Each character of the result is one byte, because values need not be UTF-8.
import { v2Error } from '../../domain/v2/errors.js';

/** Contains the first value of each name. */
export type Form = ReadonlyMap<string, string>;

const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Pass `body` for PUT and POST. Throws `invalidForm`. */
export function parseForm(
  query: string,
  body: { readonly contentType: string | undefined; readonly bytes: Buffer } | undefined,
): Form {
  const form = new Map<string, string>();
  const fromBody = body === undefined ? undefined : parseBody(form, body);
  const problem = fromBody ?? parsePairs(form, query);
  if (problem !== undefined) throw v2Error('invalidForm', problem);
  return form;
}

function parseBody(
  form: Map<string, string>,
  { contentType, bytes }: { contentType: string | undefined; bytes: Buffer },
): string | undefined {
  if (contentType === undefined || contentType === '') return undefined;
  const [type = '', ...parameters] = contentType.split(';');
  const problem = typeProblem(type.trim(), parameters);
  if (problem !== undefined) return problem;
  if (type.trim().toLowerCase() !== FORM_TYPE) return undefined;
  return parsePairs(form, bytes.toString('latin1'));
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/;
const PARAMETER =
  /^\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*=\s*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[^"\\]|\\.)*")\s*$/;

/** Returns a message of Go's mime.ParseMediaType. */
function typeProblem(type: string, parameters: readonly string[]): string | undefined {
  const main = TOKEN.exec(type)?.[0];
  if (main === undefined) return 'mime: no media type';
  const rest = type.slice(main.length);
  if (rest !== '') {
    if (!rest.startsWith('/')) return 'mime: expected slash after first token';
    const sub = TOKEN.exec(rest.slice(1))?.[0];
    if (sub === undefined) return 'mime: expected token after slash';
    if (rest.length > sub.length + 1) return 'mime: unexpected content after media subtype';
  }
  const isBad = (parameter: string, index: number): boolean =>
    !PARAMETER.test(parameter) && !(index === parameters.length - 1 && parameter.trim() === '');
  return parameters.some(isBad) ? 'mime: invalid media parameter' : undefined;
}

/** The v2 API has far fewer parameters. etcd has no such limit. */
const PAIRS_MAX = 10_000;

/** Returns the first problem. The other pairs are parsed anyway, as in Go. */
function parsePairs(form: Map<string, string>, text: string): string | undefined {
  let problem: string | undefined;
  let pairs = 0;
  for (let start = 0; start <= text.length;) {
    const end = indexOrEnd(text, '&', start);
    if (++pairs > PAIRS_MAX) return problem ?? `more than ${PAIRS_MAX} parameters`;
    const pairProblem = end > start ? parsePair(form, text.slice(start, end)) : undefined;
    problem ??= pairProblem;
    start = end + 1;
  }
  return problem;
}

function parsePair(form: Map<string, string>, pair: string): string | undefined {
  if (pair.includes(';')) return 'invalid semicolon separator in query';
  const equals = indexOrEnd(pair, '=', 0);
  const name = unescape(pair.slice(0, equals));
  const value = unescape(pair.slice(equals + 1));
  if ('problem' in name) return name.problem;
  if ('problem' in value) return value.problem;
  if (!form.has(name.text)) form.set(name.text, value.text);
  return undefined;
}

function indexOrEnd(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index < 0 ? text.length : index;
}

type Unescaped = { readonly text: string } | { readonly problem: string };

const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ESCAPE_CHARACTERS = 3;

function unescape(text: string): Unescaped {
  if (!/[%+]/.test(text)) return { text };
  const at = BROKEN_ESCAPE.exec(text)?.index;
  if (at !== undefined) {
    const escape = text.slice(at, at + ESCAPE_CHARACTERS);
    return { problem: `invalid URL escape ${JSON.stringify(escape)}` };
  }
  return { text: decodeBytes(text.replaceAll('+', ' ')) };
}

const PERCENT = 0x25;

/** Decodes percent-escapes. Requires valid escapes and one character for each byte. */
export function decodeBytes(text: string): string {
  if (!text.includes('%')) return text;
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const isEscape = byte === PERCENT;
    bytes[length++] = isEscape ? (digitOf(bytes[at + 1]) << 4) | digitOf(bytes[at + 2]) : byte;
    if (isEscape) at += ESCAPE_CHARACTERS - 1;
  }
  return bytes.toString('latin1', 0, length);
}

const NINE = 0x39;
const ZERO = 0x30;
const LOWER_CASE_BIT = 0x20;
/** The difference between the character `a` and its value 10. */
const LETTER_OFFSET = 0x61 - 10;

function digitOf(character = ZERO): number {
  return character <= NINE ? character - ZERO : (character | LOWER_CASE_BIT) - LETTER_OFFSET;
}
