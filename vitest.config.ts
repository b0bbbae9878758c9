import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], environment: 'node' as const, ...extra },
});

// One project per kind of proof. Everything but `unit` and `contract` talks to real etcd members that the tests start themselves.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project('unit', { setupFiles: ['test/support/closed-world.ts'], testTimeout: 20_000 }),
      project('integration', {
        globalSetup: ['test/support/one-member.ts'],
        testTimeout: 30_000,
        hookTimeout: 60_000,
      }),
      project('faults', { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false }),
      project('browser', { testTimeout: 120_000, hookTimeout: 180_000, fileParallelism: false }),
    ],
  },
});
