import { describe, expect, it } from 'vitest';
import {
  firstRevisionAfter,
  formatPosition,
  isBehind,
  parsePosition,
} from '../../../../src/domain/watch/position.js';

describe('a position', () => {
  it.each(['0', '41', '41.0', '41.3', '9007199254740991', '41.999999999'])(
    'is read and written: %s',
    (text) => {
      expect(formatPosition(parsePosition(text, 'since'))).toBe(text);
    },
  );

  it.each([
    '',
    '-1',
    '1.',
    '.1',
    '1.2.3',
    '1e3',
    ' 1',
    '1 ',
    '0x1',
    '٣',
    '9007199254740992',
    '99999999999999999',
    '1.9999999999',
    '1\n',
    'abc',
  ])('is not %j', (text) => {
    expect(() => parsePosition(text, 'since')).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });

  it.each([
    ['41', 42],
    ['41.0', 41],
    ['41.3', 41],
    ['0', 1],
    ['0.3', 1],
    ['1.0', 1],
  ])('%s may lack something from %i on', (text, first) => {
    expect(firstRevisionAfter(parsePosition(text, 'since'))).toBe(first);
  });

  it.each([
    ['41', 41, 9, true],
    ['41', 42, 1, false],
    ['41', 40, 1, true],
    ['41.2', 41, 2, true],
    ['41.2', 41, 3, false],
    ['41.2', 40, 9, true],
    ['41.0', 41, 1, false],
  ])('%s has event %i.%i behind it: %s', (text, revision, n, expected) => {
    expect(isBehind(parsePosition(text, 'since'), revision, n)).toBe(expected);
  });
});
