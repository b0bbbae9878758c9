import { describe, expect, it } from 'vitest';
import { pathOf } from '../../../../src/http/request/target.js';

describe('pathOf', () => {
  it('ends at the first question mark and changes nothing', () => {
    expect(pathOf('/v3/kv/put?a=/v3/x?b')).toBe('/v3/kv/put');
    expect(pathOf('/v3/%2E%2e/#x')).toBe('/v3/%2E%2e/#x');
  });
});
