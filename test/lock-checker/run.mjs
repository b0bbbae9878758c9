// The long form of the lock checker: `npm run test:lock-checker -- --seconds 120 --seed 7 --runs 3`. Runs the same test with other settings.
import { parseArgs } from 'node:util';
import { runTest } from '../harness/long-form.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string' },
    runs: { type: 'string', default: '1' },
  },
});

for (let run = 0; run < Number(values.runs); run++) {
  const seed = values.seed === undefined ? '' : String(Number(values.seed) + run);
  const status = runTest('test/faults/lock-checker.test.ts', {
    LOCK_CHECKER_SECONDS: values.seconds,
    LOCK_CHECKER_SEED: seed,
  });
  if (status !== 0) process.exit(status);
}
