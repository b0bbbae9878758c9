// The long form of the fuzz: `npm run test:fuzz -- --requests 20000 --seed 7`. Runs the same test with other settings.
import { parseArgs } from 'node:util';
import { runTest } from '../harness/long-form.mjs';
import { findSchemathesis } from './python.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const schemathesis = findSchemathesis();
if ('reason' in schemathesis) console.log(`without Schemathesis: ${schemathesis.reason}`);

process.exitCode = runTest('test/integration/fuzz.test.ts', {
  FUZZ_REQUESTS: values.requests,
  FUZZ_SEED: values.seed,
  ...('program' in schemathesis && { FUZZ_SCHEMATHESIS: schemathesis.program }),
});
