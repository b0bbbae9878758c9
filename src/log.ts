// The process' logger: pino, one JSON object a line on standard output. No values, no tokens, no credentials go in.
import { pino } from 'pino';
import type { Logger } from 'pino';

export type Log = Logger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export function createLog(level: LogLevel): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
