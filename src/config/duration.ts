// Parses durations: plain seconds, or Go's format that etcdctl uses (`500ms`, `1m30s`).
import { GatewayError } from '../core/errors.js';

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6, // U+00B5, the micro sign
  μs: 1e-6, // U+03BC, the Greek letter; Go accepts both
  ns: 1e-9,
};
const PLAIN_SECONDS = /^(?:\d+(?:\.\d*)?|\.\d+)$/;
const GO_PART = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)/gy;

export interface DurationRange {
  readonly secondsMin: number;
  readonly secondsMax: number;
}

/** Returns a parser of durations within `range`, which returns seconds with fractions and throws `invalid-request`. */
export function durationIn(range: DurationRange): (text: string) => number {
  return (text) => {
    const seconds = secondsOf(text.trim());
    if (seconds === undefined) {
      throw new GatewayError('invalid-request', {
        detail: `${JSON.stringify(text)} is not a duration`,
        hint: 'write seconds such as 10 or 0.5, or a duration such as 500ms or 1m30s',
      });
    }
    if (seconds < range.secondsMin || seconds > range.secondsMax) {
      throw new GatewayError('invalid-request', {
        detail: `${JSON.stringify(text)} is out of range`,
        hint: `write ${range.secondsMin} to ${range.secondsMax} seconds`,
      });
    }
    return seconds;
  };
}

function secondsOf(text: string): number | undefined {
  if (PLAIN_SECONDS.test(text)) return Number(text);
  let seconds = 0;
  let end = 0;
  for (const [part, amount, unit] of text.matchAll(GO_PART)) {
    seconds += Number(amount) * (SECONDS_OF_UNIT[unit ?? ''] ?? Number.NaN);
    end += part.length;
  }
  return end > 0 && end === text.length ? seconds : undefined;
}
