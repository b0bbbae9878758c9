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
  it('tells of each token its name, its hash and what it may do', () => {
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

  it('may be empty: then nobody comes in', () => {
    expect(parseTokenList(Buffer.from('[]'))).toEqual([]);
  });

  it('is refused with all of its mistakes at once, each where it stands', () => {
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
    expect(problems(list)[4]).toContain('"reed" is no right; the rights are read, write');
  });

  it('is refused when two tokens have one name, or one hash in whichever case', () => {
    const other = { sha256: sha256('b').toString('hex') };
    expect(problems([token(), token(other)])).toEqual(['/1/name: the same as /0/name']);
    const same = { name: 'cd', sha256: DIGEST.toUpperCase() };
    expect(problems([token(), token(other), token(same)])).toEqual([
      '/1/name: the same as /0/name',
      '/2/sha256: the same as /0/sha256',
    ]);
  });

  it.each([
    ['no JSON', '[{', 'the file is not JSON'],
    ['nothing', '', 'the file is empty'],
    ['no list', '{"name":"ci"}', 'the file is no list'],
    ['a field twice', '[{"name":"a","name":"b"}]', '/0/name'],
    ['half a character', '[{"prefixes":["\\ud800"]}]', '/0/prefixes/0'],
    [
      'too many',
      JSON.stringify(Array(1001).fill(0)),
      'the file has 1001 tokens; 1000 are the most',
    ],
  ])('is refused when it is %s', (_what, text, reason) => {
    expect(problems(text).join('\n')).toContain(reason);
  });

  it('shows at most fifty mistakes, and never a hash or a token that stands in the wrong place', () => {
    const wrong = problems(Array(200).fill(token({ name: '', sha256: 'my-secret-token' })));
    expect(wrong).toHaveLength(51);
    expect(wrong.at(-1)).toBe('and 350 more');
    expect(wrong.join()).not.toContain('my-secret-token');
  });
});
