import { defineConfig } from 'vitest/config';

// Tests that take longer than twenty seconds each: `npm run test:long`. They are not part of `npm test`.
export default defineConfig({
  test: {
    name: 'long',
    include: ['test/long/**/*.test.ts'],
    environment: 'node',
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
