import { describe, expect, it } from 'vitest';
import {
  isLoop,
  newInstanceId,
  viaOf,
  viaOnwards,
} from '../../../../src/etcd/endpoints/loop-detection.js';

const [ME, OTHER] = ['0123456789abcdef', 'fedcba9876543210'];

describe('a question that passes gateways', () => {
  it('is recognised by whoever it has passed', () => {
    expect(isLoop(viaOf(ME), ME)).toBe(true);
    expect(isLoop(viaOf(ME), OTHER)).toBe(false);
    expect(isLoop(viaOnwards(viaOf(ME), OTHER), ME)).toBe(true);
    expect(isLoop(viaOnwards(viaOf(ME), OTHER), OTHER)).toBe(true);
  });

  it('ends after a few hops, whoever they were', () => {
    let via: string | undefined = viaOf(newInstanceId());
    for (let hop = 0; hop < 7; hop++) via = viaOnwards(via, newInstanceId());
    expect(isLoop(via, ME)).toBe(true);
  });

  it.each([undefined, '', '1.1 nginx', '1.1 latchkey-XYZ, 1.0 fred'])(
    'is not what carries the Via %j',
    (via) => {
      expect([isLoop(via, ME), viaOnwards(via, ME)]).toEqual([false, undefined]);
    },
  );

  it('carries on nothing but the names of gateways', () => {
    expect(viaOnwards(`1.1 nginx, ${viaOf(ME)}, 1.0 fred`, OTHER)).toBe(
      `${viaOf(ME)}, ${viaOf(OTHER)}`,
    );
  });
});
