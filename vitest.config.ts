import { defineConfig } from 'vitest/config';

/** Timeouts are for tests that never complete. A busy machine takes several times as long as an idle one. */
const POLL_TIMEOUT_MS = 20_000;

const project = (name: string, extra: object) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    expect: { poll: { timeout: POLL_TIMEOUT_MS } },
    ...extra,
  },
});

/** Runs files in parallel, because these tests mostly wait for deadlines. */
const ONE_MEMBER = { maxWorkers: 4, sequence: { groupOrder: 0 } };
/** Each file runs three members, two gateways and a load, or a browser. None of these processes may lack the CPU for seconds. */
const THREE_MEMBERS = { maxWorkers: 2, sequence: { groupOrder: 1 } };

/** On a shared machine of two cores a member may lack the CPU for seconds. A failed test is therefore repeated once, and both runs are shown. */
const retry = process.env.CI === 'true' ? 1 : 0;

// One project per kind of test. All except `unit` use real etcd members, which the tests start.
export default defineConfig({
  test: {
    projects: [
      project('unit', {
        ...ONE_MEMBER,
        setupFiles: ['test/support/no-outside-network.ts'],
        retry,
        testTimeout: 90_000,
      }),
      project('integration', {
        ...ONE_MEMBER,
        globalSetup: ['test/support/one-member.ts'],
        retry,
        testTimeout: 90_000,
        hookTimeout: 120_000,
      }),
      project('faults', {
        retry,
        ...THREE_MEMBERS,
        testTimeout: 240_000,
        hookTimeout: 240_000,
      }),
      project('browser', {
        retry,
        ...THREE_MEMBERS,
        testTimeout: 240_000,
        hookTimeout: 240_000,
      }),
    ],
  },
});
