import { describe, expect, it } from 'vitest';
import { nearestName } from '../../../src/core/nearest-name.js';

const NAMES = ['listen', 'endpoints', 'etcd-bin', 'request-timeout', 'connect-timeout'];

describe('nearestName', () => {
  it.each([
    ['lisen', 'listen'],
    ['listne', 'listen'],
    ['Listens', 'listen'],
    ['endpoint', 'endpoints'],
    ['etcd_bin', 'etcd-bin'],
    ['request-timeot', 'request-timeout'],
    ['request', 'request-timeout'],
  ])('finds for %s the name %s', (word, name) => {
    expect(nearestName(word, NAMES)).toBe(name);
  });

  it.each(['port', 'x', 'li', 'timeout', '', 'l'.repeat(10_000)])(
    'finds none for %.10s',
    (word) => {
      expect(nearestName(word, NAMES)).toBeUndefined();
    },
  );

  it('prefers the nearer of two', () => {
    expect(nearestName('carst', ['cast', 'carsts'])).toBe('cast');
  });

  it('does not guess between two that begin alike', () => {
    expect(nearestName('aaa', ['aaabbb', 'aaaccc'])).toBeUndefined();
  });
});
