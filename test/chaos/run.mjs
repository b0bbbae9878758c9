// The long form of the chaos test: `npm run test:chaos -- --seconds 600 --seed 7`. Runs the same test with other settings.
import { parseArgs } from 'node:util';
import { runTest } from '../harness/long-form.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '' },
  },
});

process.exitCode = runTest('test/faults/chaos.test.ts', {
  CHAOS_SECONDS: values.seconds,
  CHAOS_SEED: values.seed,
});
