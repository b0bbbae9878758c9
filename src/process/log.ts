// The logger of the process: pino, one JSON object per line on standard output. It never logs values, tokens or credentials.
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type Log = Logger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Characters that JSON does not escape, but that control terminals, end lines in editors or change the direction of text. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `destination` is standard output by default. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Names of locks, owners and users come from clients. In a line of JSON these characters occur only in strings.
    hooks: { streamWrite: (line: string) => line.replace(UNSAFE, escapeCharacter) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
