// The long form of the lock checker: `npm run test:lock-checker -- --seconds 120 --seed 7 --runs 3`. Runs the same test with other settings.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string' },
    runs: { type: 'string', default: '1' },
  },
});

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

for (let run = 0; run < Number(values.runs); run++) {
  const seed = values.seed === undefined ? '' : String(Number(values.seed) + run);
  const { status } = spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      'test/faults/lock-checker.test.ts',
      '--project=faults',
      '--disableConsoleIntercept',
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, LOCK_CHECKER_SECONDS: values.seconds, LOCK_CHECKER_SEED: seed },
    },
  );
  if (status !== 0) process.exit(status ?? 1);
}
