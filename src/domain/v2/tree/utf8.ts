// The text of names and values that need not be UTF-8, for JSON as Go writes it: a sign of its own for every byte that is none. Pure.
import { isUtf8 } from 'node:buffer';

/** Stands for a byte that is no UTF-8: half of a surrogate pair, which no UTF-8 gives. JSON spells it `\ud800`. */
export const NO_TEXT = '\ud800';

/** The well-formed sequences of Unicode's table 3-7, in which every character is a byte; else any byte above ASCII. */
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

export function textOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return bytes
    .toString('latin1')
    .replace(SEQUENCE, (sequence) =>
      sequence.length === 1 ? NO_TEXT : Buffer.from(sequence, 'latin1').toString('utf8'),
    );
}
