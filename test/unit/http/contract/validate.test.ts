// Checks of requests, compiled from a small document. The real documents are tested in openapi.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import type { OpenApiDocument } from '../../../../src/http/contract/openapi.js';
import { createDocumentValidator } from '../../../../src/http/contract/validate.js';

const DOCUMENT: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'A shelf', version: '1' },
  paths: {
    '/shelf/{name}': {
      parameters: [
        { name: 'name', in: 'path', required: true, schema: { type: 'string' } },
        { $ref: '#/components/parameters/Limit' },
        { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
      ],
      get: {
        operationId: 'read',
        parameters: [
          { name: 'key', in: 'query', schema: { type: 'string', minLength: 1 } },
          { name: 'raw', in: 'query', schema: { type: 'boolean' } },
          { name: 'weight', in: 'query', schema: { type: 'number', exclusiveMinimum: 0 } },
          { name: 'order', in: 'query', schema: { type: 'string', enum: ['asc', 'desc'] } },
          { name: 'id', in: 'query', schema: { type: 'string', pattern: '^[a-f]+$' } },
        ],
        responses: {},
      },
      put: {
        operationId: 'store',
        requestBody: { $ref: '#/components/requestBodies/Thing' },
        responses: {},
      },
      delete: {
        operationId: 'clear',
        parameters: [{ name: 'key', in: 'query', required: true, schema: { type: 'string' } }],
        'x-latchkey-body': {
          type: 'object',
          required: ['why'],
          additionalProperties: true,
          properties: { why: { type: 'string' } },
        },
        responses: {},
      },
    },
  },
  components: {
    parameters: {
      Limit: {
        name: 'limit',
        in: 'query',
        schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
      },
    },
    requestBodies: {
      Thing: {
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
      },
    },
    schemas: {
      Thing: {
        type: 'object',
        required: ['value'],
        additionalProperties: false,
        properties: {
          value: { type: 'string', maxLength: 5 },
          size: { type: 'integer', minimum: 1, maximum: 9 },
          labels: { type: 'array', minItems: 1, items: { type: 'string' } },
          inner: {
            type: ['object', 'null'],
            additionalProperties: false,
            properties: { 'a/b': { const: 1 } },
          },
        },
      },
    },
  },
};

const validator = createDocumentValidator(DOCUMENT);
const read = validator.operation('read');
const store = validator.operation('store');
const clear = validator.operation('clear');

interface Rejection {
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

function rejectionOf(act: () => unknown): Rejection {
  try {
    act();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('invalid-request');
    const errors = error.fields.errors as Rejection['errors'];
    return { detail: error.detail, hint: error.hint, errors };
  }
  throw new Error('the request was accepted');
}

describe('query strings', () => {
  it('returns the defaults without a query string', () => {
    expect(read.query('')).toEqual({ limit: 100 });
  });

  it('converts each value to its documented type', () => {
    expect(read.query('limit=5&key=a&raw=false&weight=0.5&order=asc')).toEqual({
      limit: 5,
      key: 'a',
      raw: false,
      weight: 0.5,
      order: 'asc',
    });
  });

  it.each(['raw', 'raw=', 'raw=true', '&&raw&', '%72aw'])(
    'reads the flag in "%s" as true',
    (raw) => {
      expect(read.query(raw)).toEqual({ limit: 100, raw: true });
    },
  );

  it('decodes percent-encoding and plus signs, in names and values', () => {
    expect(read.query('k%65y=a+b%2Bc%20%C3%A9%00%26%3D=')).toHaveProperty('key', 'a b+c é\0&==');
  });

  it('leaves a value that looks like a number a string if a string is documented', () => {
    expect(read.query('key=007')).toHaveProperty('key', '007');
  });

  it('decodes any text that encodeURIComponent encoded', () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(texts, (text) => {
        expect(read.query(`key=${encodeURIComponent(text)}`).key).toBe(text);
        expect(read.query(new URLSearchParams({ key: text }).toString()).key).toBe(text);
      }),
    );
  });

  it('accepts any query string or throws a GatewayError', () => {
    const pieces = fc.constantFrom(
      'key',
      'raw',
      'limit',
      '=',
      '&',
      '%',
      '%f',
      '%ff',
      '+',
      '5',
      '__proto__',
      '[]',
    );
    fc.assert(
      fc.property(fc.array(pieces), (list) => {
        try {
          read.query(list.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
        }
      }),
    );
  });

  it.each(['key=%ff', 'key=a%2', 'key=%', 'key=%C3', 'key=%ED%A0%80', '%ff=1'])(
    'rejects "%s", which is not percent-encoded UTF-8, with a hint at keyEncoding',
    (raw) => {
      const rejection = rejectionOf(() => read.query(raw));
      expect(rejection.detail).toContain('is not percent-encoded UTF-8');
      expect(rejection.hint).toContain('keyEncoding=base64url');
    },
  );

  it('rejects an unknown parameter and suggests the nearest one', () => {
    expect(rejectionOf(() => read.query('limti=5'))).toEqual({
      detail: 'unknown query parameter "limti"',
      hint: 'did you mean "limit"?',
      errors: [{ pointer: 'limti', detail: 'unknown query parameter "limti"' }],
    });
  });

  it.each(['__proto__=1', 'constructor', 'toString=', 'Key=a', 'key[]=a', 'key.x=1', '=a'])(
    'rejects the unknown "%s"',
    (raw) => {
      expect(rejectionOf(() => read.query(raw)).detail).toMatch(/^unknown query parameter/);
    },
  );

  it('rejects a repeated parameter', () => {
    expect(rejectionOf(() => read.query('key=a&limit=1&key=a')).detail).toBe(
      'the query parameter "key" is given more than once',
    );
  });

  it.each([
    '1e2',
    '0x10',
    ' 5',
    '5 ',
    '+5',
    '1.0',
    '',
    '--1',
    '٣',
    '9007199254740993',
    '99999999999999999999',
  ])('rejects "%s" as a whole number', (text) => {
    const rejection = rejectionOf(() => read.query(`limit=${encodeURIComponent(text)}`));
    expect(rejection.detail).toBe(
      `"limit" must be a whole number below 2^53, not ${JSON.stringify(text)}`,
    );
  });

  it.each([
    ['limit=0', '"limit" must be at least 1'],
    ['limit=-5', '"limit" must be at least 1'],
    ['limit=1001', '"limit" must be at most 1000'],
    ['raw=yes', '"raw" must be true or false, not "yes"'],
    ['weight=1e3', '"weight" must be a decimal number, not "1e3"'],
    ['weight=0', '"weight" must be more than 0'],
    ['order=up', '"order" must be one of "asc", "desc"'],
    ['key=', '"key" must not be empty'],
    ['id=xyz', '"id" must match ^[a-f]+$'],
  ])('states what is wrong with "%s"', (raw, detail) => {
    expect(rejectionOf(() => read.query(raw)).detail).toBe(detail);
  });

  it('names every parameter that breaks a limit', () => {
    expect(rejectionOf(() => read.query('limit=0&order=up')).errors).toEqual([
      { pointer: 'order', detail: '"order" must be one of "asc", "desc"' },
      { pointer: 'limit', detail: '"limit" must be at least 1' },
    ]);
  });

  it('rejects a missing query string if a parameter is required', () => {
    expect(rejectionOf(() => clear.query('')).errors).toEqual([
      { pointer: 'key', detail: '"key" is missing' },
    ]);
  });

  it('shortens values in messages', () => {
    const rejection = rejectionOf(() => read.query(`limit=${'9'.repeat(100_000)}`));
    expect(rejection.detail?.length).toBeLessThan(300);
    const unknown = rejectionOf(() => read.query('x'.repeat(100_000)));
    expect(JSON.stringify(unknown).length).toBeLessThan(1_000);
  });
});

describe('query parameters', () => {
  it('lists those that differ from their defaults, in the order of the document', () => {
    expect(read.given(read.query('order=asc&key=a&limit=100'))).toEqual(['key', 'order']);
    expect(read.given(read.query('limit=5'))).toEqual(['limit']);
  });

  it('are known by their names', () => {
    expect(read.hasQueryParameter('limit')).toBe(true);
    expect(read.hasQueryParameter('name')).toBe(false);
    expect(read.hasQueryParameter('toString')).toBe(false);
  });
});

describe('path parameters', () => {
  it('are those of the document', () => {
    expect(read.params({ name: 'a b', other: 'c' })).toEqual({ name: 'a b' });
  });

  it('join the segments of a wildcard with slashes', () => {
    expect(read.params({ name: ['', 'a', 'b'] })).toEqual({ name: '/a/b' });
  });

  it('must be in the route', () => {
    expect(() => read.params({})).toThrow('the route of "read" has no :name');
  });
});

describe('bodies', () => {
  it('returns a valid body', () => {
    const body = { value: 'a', labels: ['x'], inner: { 'a/b': 1 } };
    expect(store.body(body)).toBe(body);
  });

  it('reads the body of a DELETE from its extension', () => {
    expect(clear.body({ why: 'old', more: 1 })).toEqual({ why: 'old', more: 1 });
    expect(rejectionOf(() => clear.body({})).detail).toBe('"why" is missing');
  });

  it('rejects a missing body', () => {
    expect(rejectionOf(() => store.body(undefined)).detail).toBe('the body is missing');
  });

  it.each([
    [null, 'null'],
    [[], 'an array'],
    ['text', 'a string'],
    [5, 'the number 5'],
    [true, 'true'],
  ])('rejects %j, which is not an object', (body, kind) => {
    expect(rejectionOf(() => store.body(body)).detail).toBe(
      `the body must be a JSON object, not ${kind}`,
    );
  });

  it.each([
    [{}, '/value', '"value" is missing'],
    [{ value: 5 }, '/value', '"value" must be a string, not the number 5'],
    [{ value: null }, '/value', '"value" must be a string, not null'],
    [{ value: 'abcdef' }, '/value', '"value" must have at most 5 characters'],
    [{ value: 'a', size: '5' }, '/size', '"size" must be a whole number, not a string'],
    [{ value: 'a', size: 1.5 }, '/size', '"size" must be a whole number, not the number 1.5'],
    [{ value: 'a', size: 10 }, '/size', '"size" must be at most 9'],
    [
      { value: 'a', size: Number.POSITIVE_INFINITY },
      '/size',
      '"size" must be a whole number, not a number that is too large',
    ],
    [{ value: 'a', labels: [] }, '/labels', '"labels" must not be empty'],
    [
      { value: 'a', labels: ['x', 1] },
      '/labels/1',
      '"labels.1" must be a string, not the number 1',
    ],
    [{ value: 'a', inner: [] }, '/inner', '"inner" must be a JSON object or null, not an array'],
    [{ value: 'a', inner: { 'a/b': 2 } }, '/inner/a~1b', '"inner.a/b" must be 1'],
  ])('states what is wrong with %j', (body, pointer, detail) => {
    expect(rejectionOf(() => store.body(body)).errors).toContainEqual({ pointer, detail });
  });

  it('rejects an unknown field and suggests the nearest one', () => {
    expect(rejectionOf(() => store.body({ value: 'a', lables: [] }))).toEqual({
      detail: 'unknown field "lables"',
      hint: 'did you mean "labels"?',
      errors: [{ pointer: '/lables', detail: 'unknown field "lables"' }],
    });
  });

  it('lists the fields if none is near', () => {
    expect(rejectionOf(() => store.body({ value: 'a', encryption: 1 })).hint).toBe(
      'use only value, size, labels, inner',
    );
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('rejects the field %s', (name) => {
    const body: unknown = JSON.parse(`{"value":"a","${name}":{"value":"b"}}`);
    expect(rejectionOf(() => store.body(body)).errors).toEqual([
      { pointer: `/${name}`, detail: `unknown field "${name}"` },
    ]);
  });

  it('does not read a required field from a prototype', () => {
    const body: unknown = Object.create({ value: 'inherited' });
    expect(rejectionOf(() => store.body(body)).detail).toBe('"value" is missing');
  });

  it('names every mistake of a small body at once', () => {
    const rejection = rejectionOf(() => store.body({ size: 0, labels: [1], typo: 1 }));
    expect(rejection.errors.map((error) => error.pointer).sort()).toEqual([
      '/labels/0',
      '/size',
      '/typo',
      '/value',
    ]);
  });

  it('names only the first mistake of a huge body', () => {
    const labels = Array.from({ length: 100_000 }, () => 1);
    expect(rejectionOf(() => store.body({ value: 'a', labels })).errors).toEqual([
      { pointer: '/labels/0', detail: '"labels.0" must be a string, not the number 1' },
    ]);
  });

  it('lists at most twenty mistakes', () => {
    const labels = Array.from({ length: 50 }, () => 1);
    expect(rejectionOf(() => store.body({ value: 'a', labels })).errors).toHaveLength(20);
  });
});

describe('the document', () => {
  it('lists its operations', () => {
    expect(validator.operationIds()).toEqual(['read', 'store', 'clear']);
  });

  it('compiles each operation once', () => {
    expect(validator.operation('read')).toBe(read);
  });

  it('has no operations with other names', () => {
    expect(() => validator.operation('toString')).toThrow('no operation "toString" is documented');
  });

  it('throws for the body of an operation without one', () => {
    expect(() => read.body({})).toThrow('the operation "read" documents no JSON body');
  });

  it('overrides parameters of the path with those of the operation', () => {
    const paths = {
      '/a': {
        parameters: [{ name: 'n', in: 'query', schema: { type: 'string' } }],
        get: {
          operationId: 'get',
          parameters: [{ name: 'n', in: 'query', schema: { type: 'integer' } }],
        },
      },
    };
    const get = createDocumentValidator({ ...DOCUMENT, paths }).operation('get');
    expect(get.query('n=5')).toEqual({ n: 5 });
  });

  it.each([
    ['an operation without a name', { get: {} }, /has no operationId/],
    [
      'a list in the query',
      {
        get: {
          operationId: 'a',
          parameters: [{ name: 'n', in: 'query', schema: { type: 'array' } }],
        },
      },
      /has no simple type/,
    ],
    [
      'a reference without a target',
      { get: { operationId: 'a', parameters: [{ $ref: '#/components/parameters/Nothing' }] } },
      /nothing at #\/components\/parameters\/Nothing/,
    ],
    [
      'a reference to itself',
      { get: { operationId: 'a', requestBody: { $ref: '#/paths/~1a/get/requestBody' } } },
      /circular/,
    ],
  ])('rejects %s at creation', (_, item, message) => {
    expect(() => createDocumentValidator({ ...DOCUMENT, paths: { '/a': item } })).toThrow(message);
  });
});
