// Parameters as Go's net/http reads them, which is how etcd did: from the query and, with PUT and POST, a form in the body, which wins.
// One character of what comes out stands for one byte, so that values need not be UTF-8.
import { v2Error } from '../../domain/v2/errors.js';

/** Only the first value of a name counts. */
export type Form = ReadonlyMap<string, string>;

const FORM_TYPE = 'application/x-www-form-urlencoded';

/** `body`: of a PUT or POST. Throws what v2 answers to a form that cannot be read. */
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

/** In the words of Go's mime.ParseMediaType. */
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

/** Gives the first problem; the pairs around it are read all the same. */
function parsePairs(form: Map<string, string>, text: string): string | undefined {
  let problem: string | undefined;
  for (const pair of text.split('&')) {
    if (pair.includes(';')) {
      problem ??= 'invalid semicolon separator in query';
      continue;
    }
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = unescape(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? { text: '' } : unescape(pair.slice(equals + 1));
    if ('problem' in name) problem ??= name.problem;
    else if ('problem' in value) problem ??= value.problem;
    else if (!form.has(name.text)) form.set(name.text, value.text);
  }
  return problem;
}

type Unescaped = { readonly text: string } | { readonly problem: string };

const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;
const ESCAPE_CHARACTERS = 3;

function unescape(text: string): Unescaped {
  if (!/[%+]/.test(text)) return { text };
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 1)) {
    const escape = text.slice(at, at + ESCAPE_CHARACTERS);
    if (!HEX_PAIR.test(escape.slice(1)))
      return { problem: `invalid URL escape ${JSON.stringify(escape)}` };
  }
  return { text: decodeBytes(text.replaceAll('+', ' ')) };
}

/** Percent-escapes become the bytes that they stand for. Expects no broken ones. */
export function decodeBytes(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
