// The process' logger: pino, one JSON object a line on standard output. No values, no tokens, no credentials go in.
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type Log = Logger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** What JSON leaves as it is although terminals obey it, and editors take it for the end of a line or turn the text round. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `destination` is standard output unless a test says otherwise. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Names of locks, owners and users come from callers. In a line of JSON these characters stand in strings only.
    hooks: { streamWrite: (line: string) => line.replace(UNSAFE, escapeCharacter) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
