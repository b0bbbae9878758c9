// Decodes names and values that need not be UTF-8. As in Go's JSON encoder, each invalid byte becomes one replacement character. Pure.
import { isUtf8 } from 'node:buffer';

/** Replaces an invalid byte: half of a surrogate pair, which never results from valid UTF-8. JSON.stringify writes it as `\ud800`. */
export const INVALID_BYTE = '\ud800';

/** The well-formed sequences of Unicode's table 3-7, one character for each byte, or else any single byte above ASCII. */
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

export function decodeUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return bytes
    .toString('latin1')
    .replace(SEQUENCE, (sequence) =>
      sequence.length === 1 ? INVALID_BYTE : Buffer.from(sequence, 'latin1').toString('utf8'),
    );
}
