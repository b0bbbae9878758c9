import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], environment: 'node' as const, ...extra },
});

/** On a shared machine of two cores a member may be starved for seconds: there a test that fails is judged once more, and both are shown. */
const retry = process.env.CI === 'true' ? 1 : 0;

// One project per kind of proof. Everything but `unit` and `contract` talks to real etcd members that the tests start themselves.
export default defineConfig({
  test: {
    maxWorkers: 3,
    projects: [
      project('unit', {
        setupFiles: ['test/support/closed-world.ts'],
        retry,
        testTimeout: 20_000,
      }),
      project('integration', {
        globalSetup: ['test/support/one-member.ts'],
        retry,
        testTimeout: 30_000,
        hookTimeout: 60_000,
      }),
      project('faults', {
        retry,
        testTimeout: 120_000,
        hookTimeout: 120_000,
        fileParallelism: false,
      }),
      project('browser', {
        retry,
        testTimeout: 120_000,
        hookTimeout: 180_000,
        fileParallelism: false,
      }),
    ],
  },
});
