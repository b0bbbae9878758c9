import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonStreamParser } from '../../../../src/etcd/transport/json-stream-parser.js';

const BYTES_MAX = 1_000;

function read(chunks: readonly (Buffer | string)[], bytesMax = BYTES_MAX): unknown[] {
  const lines = new JsonStreamParser(bytesMax);
  return chunks.flatMap((chunk) => [...lines.push(Buffer.from(chunk))]);
}

function slices(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

describe('F42: watch chunk boundaries', () => {
  it('reads a line that comes byte by byte, its characters of several bytes included', () => {
    expect(read(slices('{"a":"ä€😀"}\n', 1))).toEqual([{ a: 'ä€😀' }]);
  });

  it('reads several objects of one chunk', () => {
    expect(read(['{"a":1}\n{"b":2}\n{"c":3}\n'])).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });

  it('reads objects that follow each other without a line break', () => {
    expect(read(['{"a":{"b":1}}{"c":2} \r\n\t{}'])).toEqual([{ a: { b: 1 } }, { c: 2 }, {}]);
  });

  it('gives an object as soon as its last brace is there', () => {
    const lines = new JsonStreamParser(BYTES_MAX);
    expect([...lines.push(Buffer.from('{"error":{"code":14}'))]).toEqual([]);
    expect([...lines.push(Buffer.from('}'))]).toEqual([{ error: { code: 14 } }]);
  });

  it('takes no brace or quote inside a string for an end', () => {
    const value = { a: '}{"\\', 'b"}': ['\\"', '\\\\"}'] };
    expect(read(slices(JSON.stringify(value), 1))).toEqual([value]);
  });

  it('reads any objects in any pieces', () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()));
    const separators = fc.constantFrom('', '\n', ' \r\n');
    fc.assert(
      fc.property(objects, separators, fc.integer({ min: 1, max: 20 }), (values, between, size) => {
        const text = values.map((value) => JSON.stringify(value)).join(between);
        const expected = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        expect(read(slices(text, size), Infinity)).toEqual(expected);
      }),
    );
  });
});

describe('what is no stream of JSON objects', () => {
  it.each(['Not Found\n', '[1]', '"text"', '<html>', '{"a":1}\nx', '{a:1}', '{"a":1,}'])(
    'is refused: %s',
    (text) => {
      expect(() => read([text])).toThrow(/etcd returned an invalid response/);
    },
  );

  it('gives the objects before the mistake', () => {
    const lines = new JsonStreamParser(BYTES_MAX).push(Buffer.from('{"a":1}oops'));
    expect(lines.next().value).toEqual({ a: 1 });
    expect(() => lines.next()).toThrow(/invalid response/);
  });
});

describe('the limit of one object', () => {
  const fits = JSON.stringify({ a: 'x'.repeat(BYTES_MAX - 8) });

  it('lets an object of exactly so many bytes pass', () => {
    expect(fits).toHaveLength(BYTES_MAX);
    expect(read(slices(fits, 7))).toHaveLength(1);
  });

  it('refuses a longer one before it has ended', () => {
    const lines = new JsonStreamParser(BYTES_MAX);
    expect([...lines.push(Buffer.from(fits.slice(0, -2)))]).toEqual([]);
    expect(() => [...lines.push(Buffer.from('xxx'))]).toThrow(/longer than 1000 bytes/);
  });

  it('counts each object anew', () => {
    expect(read([fits, '\n', fits, fits])).toHaveLength(3);
  });
});
