import { describe, expect, it } from 'vitest';
import { INVALID_BYTE, decodeUtf8 } from '../../../../../src/domain/v2/tree/utf8.js';
import { encodeGoJson } from '../../../../../src/http/v2/event-body.js';

describe('the text of bytes', () => {
  it('is what UTF-8 says', () => {
    const text = 'a ü € 😀 \ufffd';
    expect(decodeUtf8(Buffer.from(text))).toBe(text);
  });

  it.each([
    ['a byte that begins nothing', [0x61, 0xff, 0x62], `a${INVALID_BYTE}b`],
    ['a sequence that breaks off: each of its bytes', [0xe2, 0x82], INVALID_BYTE + INVALID_BYTE],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80], INVALID_BYTE + INVALID_BYTE + INVALID_BYTE],
    ['a character spelled too long', [0xc0, 0xaf], INVALID_BYTE + INVALID_BYTE],
    ['what is beyond Unicode, and a character behind it', [0xf5, 0xc3, 0xbc], `${INVALID_BYTE}ü`],
  ])('has a sign for %s', (_, bytes, text) => {
    expect(decodeUtf8(Buffer.from(bytes))).toBe(text);
  });

  it('is spelled in JSON as Go spells it, unlike the character that people write for it', () => {
    const value = decodeUtf8(Buffer.from([0xff, 0xef, 0xbf, 0xbd, 0x5c]));
    expect(encodeGoJson({ value })).toBe(String.raw`{"value":"\ufffd${'\ufffd'}\\"}` + '\n');
  });
});
