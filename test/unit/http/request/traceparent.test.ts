import { describe, expect, it } from 'vitest';
import { traceIdOf, traceparentOf } from '../../../../src/http/request/traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const GOOD = `00-${TRACE}-00f067aa0ba902b7-01`;

describe('traceparent', () => {
  it.each([GOOD, `cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-has`])('takes %s', (text) => {
    expect(traceparentOf({ traceparent: text })).toBe(text);
    expect(traceIdOf(text)).toBe(TRACE);
  });

  it.each([
    '',
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-0000000000000000-01`,
    GOOD.toUpperCase(),
    `${GOOD}, ${GOOD}`,
    `${GOOD}-${'x'.repeat(201)}`,
    GOOD.slice(1),
  ])('ignores %j', (text) => {
    expect(traceparentOf({ traceparent: text })).toBeUndefined();
  });
});
