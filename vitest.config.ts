import { defineConfig } from 'vitest/config';

/** Limits are for tests that never end: a machine that is busy with other work takes several times as long as a quiet one. */
const POLL_LIMIT_MS = 20_000;

const project = (name: string, extra: object) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    expect: { poll: { timeout: POLL_LIMIT_MS } },
    ...extra,
  },
});

/** Files side by side. Most of what these tests do is to wait for deadlines. */
const ONE_MEMBER = { maxWorkers: 4, sequence: { groupOrder: 0 } };
/** Three members, two gateways and a load in each file, or a browser: nobody may be starved of the processor for seconds. */
const WHOLE_CLUSTER = { maxWorkers: 2, sequence: { groupOrder: 1 } };

/** On a shared machine of two cores a member may be starved for seconds: there a test that fails is judged once more, and both are shown. */
const retry = process.env.CI === 'true' ? 1 : 0;

// One project per kind of proof. Everything but `unit` and `contract` talks to real etcd members that the tests start themselves.
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
        ...WHOLE_CLUSTER,
        testTimeout: 240_000,
        hookTimeout: 240_000,
      }),
      project('browser', {
        retry,
        ...WHOLE_CLUSTER,
        testTimeout: 240_000,
        hookTimeout: 240_000,
      }),
    ],
  },
});
