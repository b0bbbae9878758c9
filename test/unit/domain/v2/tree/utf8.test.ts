import { describe, expect, it } from 'vitest';
import { NO_TEXT, textOfBytes } from '../../../../../src/domain/v2/tree/utf8.js';
import { jsonLine } from '../../../../../src/http/v2/event-body.js';

describe('the text of bytes', () => {
  it('is what UTF-8 says', () => {
    const text = 'a ü € 😀 \ufffd';
    expect(textOfBytes(Buffer.from(text))).toBe(text);
  });

  it.each([
    ['a byte that begins nothing', [0x61, 0xff, 0x62], `a${NO_TEXT}b`],
    ['a sequence that breaks off: each of its bytes', [0xe2, 0x82], NO_TEXT + NO_TEXT],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80], NO_TEXT + NO_TEXT + NO_TEXT],
    ['a character spelled too long', [0xc0, 0xaf], NO_TEXT + NO_TEXT],
    ['what is beyond Unicode, and a character behind it', [0xf5, 0xc3, 0xbc], `${NO_TEXT}ü`],
  ])('has a sign for %s', (_, bytes, text) => {
    expect(textOfBytes(Buffer.from(bytes))).toBe(text);
  });

  it('is spelled in JSON as Go spells it, unlike the character that people write for it', () => {
    const value = textOfBytes(Buffer.from([0xff, 0xef, 0xbf, 0xbd, 0x5c]));
    expect(jsonLine({ value })).toBe(String.raw`{"value":"\ufffd${'\ufffd'}\\"}` + '\n');
  });
});
