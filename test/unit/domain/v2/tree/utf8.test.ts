import { describe, expect, it } from 'vitest';
import { INVALID_BYTE, decodeUtf8 } from '../../../../../src/domain/v2/tree/utf8.js';
import { encodeGoJson } from '../../../../../src/http/v2/event-body.js';

describe('decodeUtf8', () => {
  it('decodes valid UTF-8', () => {
    const text = 'a ü € 😀 \ufffd';
    expect(decodeUtf8(Buffer.from(text))).toBe(text);
  });

  it.each([
    ['a byte that starts no sequence', [0x61, 0xff, 0x62], `a${INVALID_BYTE}b`],
    ['each byte of an incomplete sequence', [0xe2, 0x82], INVALID_BYTE + INVALID_BYTE],
    [
      'each byte of half a surrogate pair',
      [0xed, 0xa0, 0x80],
      INVALID_BYTE + INVALID_BYTE + INVALID_BYTE,
    ],
    ['each byte of an overlong encoding', [0xc0, 0xaf], INVALID_BYTE + INVALID_BYTE],
    ['a byte beyond Unicode before a valid character', [0xf5, 0xc3, 0xbc], `${INVALID_BYTE}ü`],
  ])('replaces %s', (_, bytes, text) => {
    expect(decodeUtf8(Buffer.from(bytes))).toBe(text);
  });

  it('is encoded in JSON like in Go, unlike a literal replacement character', () => {
    const value = decodeUtf8(Buffer.from([0xff, 0xef, 0xbf, 0xbd, 0x5c]));
    expect(encodeGoJson({ value })).toBe(String.raw`{"value":"\ufffd${'\ufffd'}\\"}` + '\n');
  });
});
