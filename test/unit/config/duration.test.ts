import { describe, expect, it } from 'vitest';
import { durationIn } from '../../../src/config/duration.js';

const parse = durationIn({ secondsMin: 0, secondsMax: 1e6 });

describe('durationIn', () => {
  it.each([
    ['0', 0],
    ['10', 10],
    ['.5', 0.5],
    ['1.', 1],
    ['1.25', 1.25],
    ['500ms', 0.5],
    ['1m30s', 90],
    ['1h1m1s', 3661],
    ['1.5h', 5400],
    ['250us', 0.00025],
    ['250µs', 0.00025],
    ['1ns', 1e-9],
    [' 3s ', 3],
  ])('reads %s as %d seconds', (text, seconds) => {
    expect(parse(text)).toBeCloseTo(seconds, 12);
  });

  it.each([
    '',
    's',
    '-1',
    '-1s',
    '1 s',
    '1d',
    '1m30',
    '10,5',
    '1e3',
    '0x10',
    'Infinity',
    'NaN',
    '1s!',
    '.',
    'ms',
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(`${JSON.stringify(text)} is not a duration`);
  });

  it('includes both ends of the range', () => {
    const bounded = durationIn({ secondsMin: 1, secondsMax: 2 });
    expect([bounded('1'), bounded('2000ms')]).toEqual([1, 2]);
    expect(() => bounded('0.999')).toThrow('out of range');
    expect(() => bounded('2.001')).toThrow('out of range');
  });
});
