// Descriptions of ranges in messages.
import { describe, expect, it } from 'vitest';
import { KeyspaceLayout } from '../../../../../src/domain/rights/api-tokens/keyspace-layout.js';
import { prefixRange, spanRange } from '../../../../../src/etcd/range.js';

const layout = new KeyspaceLayout({ lockPrefix: 'locks/', electionPrefix: 'elections/' });
const bytes = (text: string): Buffer => Buffer.from(text);

describe('S41: a range in a message', () => {
  it.each([
    ['the key "a"', { key: bytes('a') }],
    ['all keys', prefixRange(bytes(''))],
    ['the keys with the prefix "app/"', prefixRange(bytes('app/'))],
    ['the keys before "app/"', spanRange(bytes(''), bytes('app/'))],
    ['the keys from "a" to before "c"', spanRange(bytes('a'), bytes('c'))],
    ['the keys from "b" to the last one', spanRange(bytes('b'))],
  ])('is described as %s', (title, range) => {
    expect(layout.describe(range)).toBe(title);
  });
});
