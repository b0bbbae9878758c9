// The lock calls of the contract, sentence by sentence, as a suite that runs against any gateway: one, or several replicas that share
// one etcd. Where there are several, callers take turns between them.
import { describe } from 'vitest';
import { acquiring } from './locks/acquiring.js';
import { following } from './locks/following.js';
import { holding } from './locks/holding.js';
import { lasting } from './locks/lasting.js';
import { leasing } from './locks/leasing.js';
import { looking } from './locks/looking.js';
import { queueing } from './locks/queueing.js';
import { releasing } from './locks/releasing.js';
import { renewing } from './locks/renewing.js';
import { repeating } from './locks/repeating.js';
import { sharing } from './locks/sharing.js';
import type { LockTarget } from './locks/target.js';

/** `target` is asked when the tests run, so that it may be set up in a hook. */
export function lockContract(name: string, target: () => LockTarget): void {
  describe(name, () => {
    describe('acquiring', () => acquiring(target));
    describe('queueing', () => queueing(target));
    describe('repeating with the same token', () => repeating(target));
    describe('releasing', () => releasing(target));
    describe('renewing', () => renewing(target));
    describe("a lease of the caller's own", () => leasing(target));
    describe('sharing', () => sharing(target));
    describe('looking', () => looking(target));
    describe('holding while connected', () => holding(target));
    describe('following', () => following(target));
    describe.concurrent('lasting', () => lasting(target));
  });
}
