// The contract of the lock API as a test suite for any gateway: one instance, or several replicas that share one etcd. With several
// replicas, requests alternate between them.
import { describe } from 'vitest';
import { acquiring } from './locks/acquiring.js';
import { following } from './locks/following.js';
import { holding } from './locks/holding.js';
import { expiring } from './locks/expiring.js';
import { leasing } from './locks/leasing.js';
import { inspecting } from './locks/inspecting.js';
import { queueing } from './locks/queueing.js';
import { releasing } from './locks/releasing.js';
import { renewing } from './locks/renewing.js';
import { repeating } from './locks/repeating.js';
import { sharing } from './locks/sharing.js';
import type { LockTarget } from './locks/target.js';

/** Calls `target` when the tests run, so a hook can set it up. */
export function lockContract(name: string, target: () => LockTarget): void {
  describe(name, () => {
    describe('acquiring', () => acquiring(target));
    describe('queueing', () => queueing(target));
    describe('repeating with the same token', () => repeating(target));
    describe('releasing', () => releasing(target));
    describe('renewing', () => renewing(target));
    describe("a lease of the caller's own", () => leasing(target));
    describe('sharing', () => sharing(target));
    describe('inspecting', () => inspecting(target));
    describe('holding while connected', () => holding(target));
    describe('following', () => following(target));
    describe.concurrent('expiring and renewing over time', () => expiring(target));
  });
}
