// The long form of the comparison with a real etcd 3.4: `npm run test:v2 -- --requests 6000 --seed 7`. Runs the same test with other settings.
import { parseArgs } from 'node:util';
import { runTest } from '../harness/long-form.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '6000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

process.exitCode = runTest('test/integration/v2-differential.test.ts', {
  V2_REQUESTS: values.requests,
  V2_SEED: values.seed,
});
