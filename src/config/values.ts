// Parses plain values in settings: booleans, numbers, byte counts, key prefixes, log levels, paths.
import { GatewayError } from '../core/errors.js';
import type { LogLevel } from '../process/log.js';

const LOG_LEVELS: readonly LogLevel[] = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
  'silent',
];
const TRUE_WORDS: readonly string[] = ['true', '1', 'yes', 'on'];
const FALSE_WORDS: readonly string[] = ['false', '0', 'no', 'off'];
const KEY_PREFIX_BYTES_MAX = 256;
/** The prefix of the gateway's internal keys. */
const OWN_PREFIX = '\0latchkey/';

export function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  if (FALSE_WORDS.includes(word)) return false;
  throw refused(text, 'a boolean', 'write true or false');
}

export function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text.trim().toLowerCase());
  if (level !== undefined) return level;
  throw refused(text, 'a log level', `write one of ${LOG_LEVELS.join(', ')}`);
}

/** Returns the path unchanged, or `undefined` for an empty text. */
export function parseOptionalPath(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** Returns a parser of byte counts from 1 to `bytesMax`. */
export function bytesUpTo(bytesMax: number): (text: string) => number {
  return (text) => {
    const bytes = /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0;
    if (bytes >= 1 && bytes <= bytesMax) return bytes;
    throw refused(text, 'a number of bytes in range', `write 1 to ${bytesMax}, digits only`);
  };
}

/** Returns a parser of integers from 1 to `max`. */
export function integerUpTo(max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0;
    if (number >= 1 && number <= max) return number;
    throw refused(text, 'a number in range', `write 1 to ${max}, digits only`);
  };
}

/** Returns a parser of integers from 1 to `max`; `undefined` for an empty text. */
export function optionalIntegerUpTo(max: number): (text: string) => number | undefined {
  const parse = integerUpTo(max);
  return (text) => (text === '' ? undefined : parse(text));
}

/** Parses a key prefix that ends with a slash, can be typed into etcdctl and does not overlap the gateway's internal keys. */
export function parseKeyPrefix(text: string): string {
  if (!text.endsWith('/')) throw refused(text, 'a key prefix', 'end it with a slash, as in locks/');
  if (isInside(text, OWN_PREFIX) || isInside(OWN_PREFIX, text)) {
    throw refused(
      text,
      'available',
      `choose another prefix; ${JSON.stringify(OWN_PREFIX)} is reserved for the gateway`,
    );
  }
  // Control characters cannot be typed into etcdctl, lone surrogates have no UTF-8 encoding.
  if (/[\p{Cc}\p{Cs}]/u.test(text)) {
    throw refused(text, 'a key prefix', 'write printable text, as in locks/');
  }
  if (Buffer.byteLength(text) > KEY_PREFIX_BYTES_MAX) {
    throw refused(text, 'a key prefix', `write at most ${KEY_PREFIX_BYTES_MAX} bytes`);
  }
  return text;
}

/** Returns whether every key below `inner` is also below `outer`. */
export function isInside(inner: string, outer: string): boolean {
  return inner.startsWith(outer);
}

function refused(text: string, what: string, hint: string): GatewayError {
  return new GatewayError('invalid-request', {
    detail: `${JSON.stringify(text)} is not ${what}`,
    hint,
  });
}
