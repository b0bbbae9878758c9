// Bodies that parsers read differently, or not at all: each is the caller's text or a 400 that says why.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { JSON_DEPTH_MAX, parseJsonBody } from '../../../../src/http/body/json.js';

const MUCH = 1_000_000;

function parse(text: string): unknown {
  return parseJsonBody(Buffer.from(text, 'utf8'));
}

function problemOf(bytes: Buffer | string): {
  detail: string | undefined;
  pointer: string | undefined;
} {
  try {
    parseJsonBody(Buffer.from(bytes));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('invalid-request');
    const errors = error.fields.errors as readonly { pointer: string }[];
    return { detail: error.detail, pointer: errors[0]?.pointer };
  }
  throw new Error('the body was accepted');
}

describe('what is accepted', () => {
  it('reads whatever JSON.stringify writes, except for repeated names and lone surrogates', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('reads pretty-printed text with escapes, brackets and quotes inside strings', () => {
    const value = {
      'a"b\\': '{"x":[1,2]}',
      '': ['\\', '\\\\"', '"', '}', { a: 1 }, { a: 2 }],
      '\u2028': '\ud83d\ude00',
    };
    expect(parse(JSON.stringify(value, null, 2))).toEqual(value);
  });

  it('takes an escaped surrogate pair as the character that it is', () => {
    expect(parse('{"value":"\\ud83d\\ude00"}')).toEqual({ value: '😀' });
  });

  it('lets the same name stand in different objects', () => {
    expect(parse('{"a":{"a":1},"b":[{"a":1},{"a":2}]}')).toEqual({
      a: { a: 1 },
      b: [{ a: 1 }, { a: 2 }],
    });
  });

  it('keeps __proto__ as an ordinary field that changes no prototype', () => {
    const value = parse('{"__proto__":{"isAdmin":true}}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect('isAdmin' in value).toBe(false);
  });

  it('reads as many levels as the limit says', () => {
    const text = '['.repeat(JSON_DEPTH_MAX) + ']'.repeat(JSON_DEPTH_MAX);
    expect(Array.isArray(parse(text))).toBe(true);
  });

  it('reads a body of a hundred thousand fields', () => {
    const fields = Array.from({ length: 100_000 }, (_, index) => `"k${index}":${index}`);
    expect(Object.keys(parse(`{${fields.join(',')}}`) as object)).toHaveLength(100_000);
  });
});

describe('a body', () => {
  it.each([
    ['being empty', '', 'the body is empty'],
    ['half an object', '{"value":', 'the body is not JSON: it ends too early'],
    ['bytes behind the end', '{} {}', /not JSON: unexpected non-whitespace character/],
    ['NaN', '{"value":NaN}', /not JSON: unexpected token 'N'$/],
    ['single quotes', "{'value':1}", /not JSON: expected property name/],
    ['a trailing comma', '{"value":1,}', /not JSON: expected double-quoted property name/],
    ['a raw line break in a string', '{"value":"a\nb"}', /not JSON: bad control character/],
  ])('is refused for %s', (_, text, detail) => {
    expect(problemOf(text).detail).toMatch(detail);
  });

  it('is not repeated in the error', () => {
    expect(problemOf('{"password":"secret-1234" x').detail).not.toContain('secret');
    expect(problemOf('secret-1234').detail).not.toContain('secret');
  });

  it('is refused for bytes that are not UTF-8', () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    expect(problemOf(bytes).detail).toBe('the body is not UTF-8');
  });

  it('is refused for surrogates encoded as if they were UTF-8', () => {
    expect(problemOf(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])).detail).toBe(
      'the body is not UTF-8',
    );
  });

  it('is refused in UTF-16', () => {
    expect(problemOf(Buffer.from('\ufeff{}', 'utf16le')).detail).toBe('the body is not UTF-8');
  });

  it('is refused for a byte order mark', () => {
    expect(problemOf('\ufeff{}').detail).toBe('the body begins with a byte order mark');
  });

  it.each([
    ['at the top', '{"a":1,"b":2,"a":3}', '/a'],
    ['in two spellings', '{"key":1,"k\\u0065y":2}', '/key'],
    ['deep inside', '{"then":[{"put":{}},{"put":{"key":"x","key":"y"}}]}', '/then/1/put/key'],
    ['with a slash in it', '{"a/b":1,"a/b":1}', '/a~1b'],
    ['twice __proto__', '{"__proto__":1,"__proto__":2}', '/__proto__'],
    ['behind strings that end in backslashes', '{"x":"\\\\","y":"\\"","x":1}', '/x'],
  ])('is refused for a repeated field %s', (_, text, pointer) => {
    const problem = problemOf(text);
    expect(problem.detail).toMatch(/is given more than once$/);
    expect(problem.pointer).toBe(pointer);
  });

  it.each([
    ['a value', '{"value":"\\ud800"}', '/value'],
    ['a low half first', '{"value":"\\udc00\\ud800"}', '/value'],
    ['a name', '{"\\udfff":1}', '/\udfff'],
    ['an item', '["fine","\\uD83Dx"]', '/1'],
  ])('is refused for a lone surrogate in %s', (_, text, pointer) => {
    expect(problemOf(text)).toEqual({
      detail: 'a string contains half of a surrogate pair, which is not a character',
      pointer,
    });
  });

  it.each(['[', '{"a":'])('is refused for %s nested one level too deep', (open) => {
    const close = open === '[' ? ']' : '}';
    const levels = JSON_DEPTH_MAX + 1;
    const inner = open === '[' ? '' : '1';
    expect(problemOf(open.repeat(levels) + inner + close.repeat(levels)).detail).toBe(
      `the body is nested deeper than ${JSON_DEPTH_MAX} levels`,
    );
  });

  it('is refused for a million levels, closed or not', () => {
    const levels = 1_000_000;
    expect(problemOf('['.repeat(levels) + ']'.repeat(levels)).detail).toMatch(/nested deeper/);
    expect(problemOf('['.repeat(levels)).detail).toMatch(/nested deeper/);
  });

  it('of any bytes is either read or a 400, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          parseJsonBody(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
        }
      }),
    );
  });
});

describe('a body with limits', () => {
  const limits = { valuesMax: 10, decodedBytesMax: 100 };
  const read = (text: string): unknown => parseJsonBody(Buffer.from(text), limits);

  it.each([
    `[${'1,'.repeat(9)}1]`,
    `{"a":1${',"b":1'.repeat(MUCH)}}`,
    `[${'{},'.repeat(MUCH)}{}]`,
    '"'.repeat(MUCH),
    `[${'"" '.repeat(MUCH)}]`,
  ])('L14: is refused for its values before it is parsed', (text) => {
    expect(() => read(text)).toThrow(/more than 10 values|given more than once/);
  });

  it.each([
    ['{"a":1,"b":[1,2,3],"c":{"d":4}}', true],
    ['[1,2,3,4,5,6,7,8]', true],
    ['[1,2,3,4,5,6,7,8,9,10,11]', false],
  ])('L14: counts objects, arrays and items: %s', (text, isTaken) => {
    if (isTaken) expect(read(text)).toEqual(JSON.parse(text));
    else expect(() => read(text)).toThrow(/values/);
  });

  it.each([
    ['\\u0001', 1],
    ['\\n', 1],
    ['\\"', 1],
    ['\\\\', 1],
    ['\\u00e9', 2],
    ['\\u4e2d', 3],
    ['\\ud83d\\ude00', 4],
    ['中', 3],
    ['a', 1],
  ])('L17: counts the bytes behind escapes: %s has %i', (unit, bytes) => {
    const room = limits.decodedBytesMax - '{"value":""}'.length;
    const count = Math.floor(room / bytes);
    const value = String(JSON.parse(`"${unit}"`));
    expect(read(`{"value":"${unit.repeat(count)}"}`)).toEqual({ value: value.repeat(count) });
    expect(() => read(`{"value":"${unit.repeat(count + bytes + 1)}"}`)).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  it.each([' ', '9'])('L14: counts what is outside of texts: %j', (unit) => {
    expect(() => read(`[${unit.repeat(MUCH)}]`)).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });
});
