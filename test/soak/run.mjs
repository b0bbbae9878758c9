// The long form of the soak: `npm run test:soak -- --minutes 60 --seed 7 --file samples.tsv`. Runs the same test with other settings.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runTest } from '../harness/long-form.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    file: { type: 'string', default: '.latchkey/soak.tsv' },
  },
});

process.exitCode = runTest('test/faults/soak.test.ts', {
  SOAK_MINUTES: values.minutes,
  SOAK_SEED: values.seed,
  SOAK_FILE: path.resolve(values.file),
});
