import { describe, expect, it } from 'vitest';
import { parseTokenList } from '../../../../src/http/auth/token-list.js';
import { sha256 } from '../../../../src/core/secret.js';

const DIGEST = sha256('a token').toString('hex');

const token = (fields: object = {}): object => ({
  name: 'ci',
  sha256: DIGEST,
  prefixes: ['app/'],
  rights: ['read'],
  ...fields,
});

function problems(list: unknown): string[] {
  const text = typeof list === 'string' ? list : JSON.stringify(list);
  try {
    parseTokenList(Buffer.from(text));
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}

describe('a list of API tokens', () => {
  it('has the name, the digest and the scope of each token', () => {
    const list = [token({ prefixes: ['', 'é/'], rights: ['read', 'write', 'lock', 'admin'] })];
    expect(parseTokenList(Buffer.from(JSON.stringify(list)))).toEqual([
      {
        name: 'ci',
        sha256: sha256('a token'),
        prefixes: ['', 'é/'],
        rights: new Set(['read', 'write', 'lock', 'admin']),
      },
    ]);
  });

  it('may be empty, and then has no token', () => {
    expect(parseTokenList(Buffer.from('[]'))).toEqual([]);
  });

  it('is rejected with all mistakes at once, each with its pointer', () => {
    const list = [
      token({ name: 'a b', sha256: DIGEST.slice(1), right: ['read'] }),
      token({ prefixes: [], rights: ['reed', 'write'] }),
      token({ prefixes: ['x', 7, 'a'.repeat(1025)], rights: undefined }),
      'secret',
      token({ name: 'anonymous' }),
    ];
    expect(problems(list).map((line) => line.replace(/:.*/, ''))).toEqual([
      '/0/right',
      '/0/name',
      '/0/sha256',
      '/1/prefixes',
      '/1/rights/0',
      '/2/prefixes/1',
      '/2/prefixes/2',
      '/2/rights',
      '/3',
      '/4/name',
    ]);
    expect(problems(list)[4]).toContain('"reed" is not a right; the rights are read, write');
  });

  it('is rejected if two tokens have the same name, or the same digest in any case', () => {
    const other = { sha256: sha256('b').toString('hex') };
    expect(problems([token(), token(other)])).toEqual(['/1/name: the same as /0/name']);
    const same = { name: 'cd', sha256: DIGEST.toUpperCase() };
    expect(problems([token(), token(other), token(same)])).toEqual([
      '/1/name: the same as /0/name',
      '/2/sha256: the same as /0/sha256',
    ]);
  });

  it.each([
    ['not JSON', '[{', 'the file is not JSON'],
    ['empty', '', 'the file is empty'],
    ['not a list', '{"name":"ci"}', 'the file is not a list'],
    ['with a duplicate field', '[{"name":"a","name":"b"}]', '/0/name'],
    ['with half a surrogate pair', '[{"prefixes":["\\ud800"]}]', '/0/prefixes/0'],
    [
      'too many',
      JSON.stringify(Array(1001).fill(0)),
      'the file has 1001 tokens; at most 1000 are allowed',
    ],
  ])('is rejected if it is %s', (_what, text, reason) => {
    expect(problems(text).join('\n')).toContain(reason);
  });

  it('reports at most fifty mistakes, and never a digest or a token in the wrong field', () => {
    const wrong = problems(Array(200).fill(token({ name: '', sha256: 'my-secret-token' })));
    expect(wrong).toHaveLength(51);
    expect(wrong.at(-1)).toBe('and 350 more');
    expect(wrong.join()).not.toContain('my-secret-token');
  });
});
