// Parses a JSON body strictly. Rejects bytes that are not UTF-8, a byte order mark, repeated fields (parsers disagree which one counts), lone
// surrogates (they have no UTF-8 form), deep nesting and too many values. Checks the limits in one pass over the bytes before it parses.
import { isUtf8 } from 'node:buffer';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { escapePointer } from '../contract/openapi.js';
import { JsonScan } from './json-scan.js';
import type { ScanProblem } from './json-scan.js';

/** Sufficient for every body. JSON.stringify overflows the stack at some thousands. */
export const JSON_DEPTH_MAX = 64;

export interface JsonLimits {
  /** Objects, arrays, and their members. */
  readonly valuesMax?: number;
  /** Bytes of the text after its escapes are decoded. */
  readonly decodedBytesMax?: number;
}

const NAME_SHOWN_CHARACTERS_MAX = 100;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/**
 * Returns the value of a JSON text. Throws `too-large`, and `invalid-request` with the JSON pointer of the error if there is one. Numbers are
 * JavaScript numbers: the schema validation afterwards rejects rounded ones. A field named `__proto__` is an ordinary own property.
 */
export function parseJsonBody(bytes: Buffer, limits: JsonLimits = {}): unknown {
  checkEncoding(bytes);
  const scan = scanOf(bytes, limits);
  let value: unknown;
  try {
    // ASCII is decoded several times faster as Latin-1.
    value = JSON.parse(bytes.toString(scan.isAscii ? 'latin1' : 'utf8'));
  } catch (error) {
    throw invalidRequest('', `the body is not JSON: ${syntaxErrorReason(error)}`);
  }
  if (scan.hasSurrogates) checkWellFormed(value, []);
  return value;
}

function checkEncoding(bytes: Buffer): void {
  if (bytes.length === 0) throw invalidRequest('', 'the body is empty', 'send a JSON object');
  if (!isUtf8(bytes)) {
    throw invalidRequest('', 'the body is not UTF-8', 'send UTF-8 (RFC 8259 section 8.1)');
  }
  if (BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte)) {
    throw invalidRequest('', 'the body begins with a byte order mark', 'send it without one');
  }
}

function scanOf(bytes: Buffer, limits: JsonLimits): JsonScan {
  const { valuesMax = Infinity, decodedBytesMax = Infinity } = limits;
  const scan = new JsonScan({ valuesMax, decodedBytesMax, depthMax: JSON_DEPTH_MAX });
  scan.read(bytes);
  if (scan.problem !== undefined) throw errorOf(scan.problem, limits);
  return scan;
}

function errorOf(problem: ScanProblem, { valuesMax, decodedBytesMax }: JsonLimits): GatewayError {
  switch (problem.kind) {
    case 'values':
      return invalidRequest('', `the body has more than ${valuesMax} values`, 'send fewer');
    case 'bytes':
      return new GatewayError('too-large', {
        detail: `the body has more than ${decodedBytesMax} bytes after its escapes are decoded`,
        hint: 'send less, or raise --body-limit (LATCHKEY_BODY_LIMIT)',
      });
    case 'depth':
      return invalidRequest('', `the body is nested deeper than ${JSON_DEPTH_MAX} levels`);
    case 'repeated': {
      const shown = JSON.stringify(problem.name.slice(0, NAME_SHOWN_CHARACTERS_MAX));
      return invalidRequest(pointerOf(problem.path), `the field ${shown} is given more than once`);
    }
  }
}

/** Returns V8's message without the part of the body that it quotes, because logs must not contain bodies. */
function syntaxErrorReason(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (message === 'Unexpected end of JSON input') return 'it ends too early';
  const reason = message.replace(/,? (\.\.\.)?".*$/su, '').replace(' in JSON', '');
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}

/** Recurses no deeper than `JSON_DEPTH_MAX`. */
function checkWellFormed(value: unknown, path: readonly (string | number)[]): void {
  if (typeof value === 'string') rejectLoneSurrogate(value, path);
  else if (Array.isArray(value)) {
    value.forEach((item, index) => checkWellFormed(item, [...path, index]));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      rejectLoneSurrogate(name, [...path, name]);
      checkWellFormed(member, [...path, name]);
    }
  }
}

function rejectLoneSurrogate(text: string, path: readonly (string | number)[]): void {
  if (!LONE_SURROGATE.test(text)) return;
  throw invalidRequest(
    pointerOf(path),
    'a string contains half of a surrogate pair, which is not a character',
    'send binary data as base64 with "encoding": "base64"',
  );
}

/** With the `u` flag a complete pair is one character and does not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

function pointerOf(path: readonly (string | number)[]): string {
  return path
    .map((name) => `/${escapePointer(String(name).slice(0, NAME_SHOWN_CHARACTERS_MAX))}`)
    .join('');
}
