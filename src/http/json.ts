// Reads a JSON body strictly: what comes out is what the caller wrote, or a 400. Refused are bytes that are not UTF-8, a byte order mark,
// repeated fields (parsers disagree about who wins), lone surrogates (they have no UTF-8 form) and deep nesting.
import { isUtf8 } from 'node:buffer';
import { invalidRequest } from '../errors.js';
import { escapePointer } from './contract/openapi.js';

/** No body of ours needs more; JSON.stringify overflows the stack at some thousands. */
export const JSON_DEPTH_MAX = 64;

const NAME_SHOWN_CHARACTERS_MAX = 100;
/** With the `u` flag whole pairs are one character and do not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const BYTE_ORDER_MARK = 0xfeff;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** An object (with the names seen so far) or an array on the way from the root to where the scan is. */
interface Scope {
  readonly names: Set<string> | undefined;
  /** The field or the index that the scan is in. */
  at: string | number;
}

/**
 * The value of a JSON text. Throws invalid-request, with the JSON pointer of the place where there is one. Numbers are JavaScript's:
 * the schema behind this one keeps those out that were rounded. A field named `__proto__` is an ordinary own property.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidRequest('', `the body is not JSON: ${reasonOf(error)}`);
  }
  checkStructure(text);
  return value;
}

function decodeUtf8(bytes: Buffer): string {
  if (bytes.length === 0) throw invalidRequest('', 'the body is empty', 'send a JSON object');
  if (!isUtf8(bytes)) {
    throw invalidRequest('', 'the body is not UTF-8', 'JSON is UTF-8, RFC 8259 section 8.1');
  }
  const text = bytes.toString('utf8');
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    throw invalidRequest('', 'the body begins with a byte order mark', 'send it without one');
  }
  return text;
}

/** What V8 found wrong, without the piece of the body that it quotes: bodies are not for logs. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (message === 'Unexpected end of JSON input') return 'it ends too early';
  const reason = message.replace(/,? (\.\.\.)?".*$/su, '').replace(' in JSON', '');
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}

/** One walk over a text that JSON.parse has accepted, so that only strings and brackets have to be told apart. */
function checkStructure(text: string): void {
  const scopes: Scope[] = [];
  let backslash = nextIndex(text, '\\', 0);
  let isName = false;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE: {
        const end = closingQuote(text, index);
        const isEscaped = backslash < end;
        if (isName) enterField(scopes, readString(text, index, end, isEscaped));
        if (isEscaped) {
          checkWellFormed(scopes, readString(text, index, end, true));
          backslash = nextIndex(text, '\\', end);
        }
        isName = false;
        index = end;
        break;
      }
      case BRACE_OPEN:
        enterScope(scopes, { names: new Set(), at: '' });
        isName = true;
        break;
      case BRACKET_OPEN:
        enterScope(scopes, { names: undefined, at: 0 });
        isName = false;
        break;
      case BRACE_CLOSE:
      case BRACKET_CLOSE:
        scopes.pop();
        isName = false;
        break;
      case COMMA:
        isName = nextItem(scopes);
        break;
      default:
    }
  }
}

function enterScope(scopes: Scope[], scope: Scope): void {
  scopes.push(scope);
  if (scopes.length > JSON_DEPTH_MAX) {
    throw invalidRequest('', `the body is nested deeper than ${JSON_DEPTH_MAX} levels`);
  }
}

function enterField(scopes: readonly Scope[], name: string): void {
  const scope = scopes.at(-1);
  if (scope?.names === undefined) return;
  scope.at = name;
  if (scope.names.has(name)) {
    const shown = JSON.stringify(name.slice(0, NAME_SHOWN_CHARACTERS_MAX));
    throw invalidRequest(pointerOf(scopes), `the field ${shown} is given more than once`);
  }
  scope.names.add(name);
}

/** Whether a field's name comes next: after a comma in an object. */
function nextItem(scopes: readonly Scope[]): boolean {
  const scope = scopes.at(-1);
  if (typeof scope?.at !== 'number') return true;
  scope.at++;
  return false;
}

function checkWellFormed(scopes: readonly Scope[], value: string): void {
  if (!LONE_SURROGATE.test(value)) return;
  throw invalidRequest(
    pointerOf(scopes),
    'a text contains half of a surrogate pair, which is no character',
    'send bytes that are no text as base64 with "encoding": "base64"',
  );
}

function pointerOf(scopes: readonly Scope[]): string {
  return scopes
    .map(({ at }) => `/${escapePointer(String(at).slice(0, NAME_SHOWN_CHARACTERS_MAX))}`)
    .join('');
}

function readString(text: string, start: number, end: number, isEscaped: boolean): string {
  return isEscaped ? String(JSON.parse(text.slice(start, end + 1))) : text.slice(start + 1, end);
}

function closingQuote(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscapedAt(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** A quote is part of the string when an odd number of backslashes stands before it. */
function isEscapedAt(text: string, index: number): boolean {
  let start = index;
  while (text.charCodeAt(start - 1) === BACKSLASH) start--;
  return (index - start) % 2 === 1;
}

function nextIndex(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index === -1 ? text.length : index;
}
