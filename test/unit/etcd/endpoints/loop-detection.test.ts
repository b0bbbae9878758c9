import { describe, expect, it } from 'vitest';
import {
  isLoop,
  newInstanceId,
  viaOf,
  forwardedVia,
} from '../../../../src/etcd/endpoints/loop-detection.js';

const [ME, OTHER] = ['0123456789abcdef', 'fedcba9876543210'];

describe('a question that passes gateways', () => {
  it('is recognised by whoever it has passed', () => {
    expect(isLoop(viaOf(ME), ME)).toBe(true);
    expect(isLoop(viaOf(ME), OTHER)).toBe(false);
    expect(isLoop(forwardedVia(viaOf(ME), OTHER), ME)).toBe(true);
    expect(isLoop(forwardedVia(viaOf(ME), OTHER), OTHER)).toBe(true);
  });

  it('ends after a few hops, whoever they were', () => {
    let via: string | undefined = viaOf(newInstanceId());
    for (let hop = 0; hop < 7; hop++) via = forwardedVia(via, newInstanceId());
    expect(isLoop(via, ME)).toBe(true);
  });

  it.each([undefined, '', '1.1 nginx', '1.1 latchkey-XYZ, 1.0 fred'])(
    'is not what carries the Via %j',
    (via) => {
      expect([isLoop(via, ME), forwardedVia(via, ME)]).toEqual([false, undefined]);
    },
  );

  it('carries on nothing but the names of gateways', () => {
    expect(forwardedVia(`1.1 nginx, ${viaOf(ME)}, 1.0 fred`, OTHER)).toBe(
      `${viaOf(ME)}, ${viaOf(OTHER)}`,
    );
  });
});
