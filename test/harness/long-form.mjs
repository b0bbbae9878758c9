// Runs one test file of the suite with other settings, which it reads from its environment: how the long forms of tests are started.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Gives the exit status: 0 when the test passes. `settings` come on top of this process' environment. */
export function runTest(file, settings) {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const project = file.split('/')[1];
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', file, `--project=${project}`, '--disableConsoleIntercept'],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...settings } },
  );
  return status ?? 1;
}
