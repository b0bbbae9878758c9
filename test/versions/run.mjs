// The integration suite against every supported line of etcd: `npm run test:versions`, or `-- --only 3.6` for the legs with that in their
// name. Prints a table of version and result; ends with 1 when a test failed at any of them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LEGS, findEtcdOfLeg } from './legs.mjs';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });

const root = fileURLToPath(new URL('../..', import.meta.url));
const rows = [];
for (const leg of LEGS.filter(({ name }) => name.includes(values.only))) {
  const found = await findEtcdOfLeg(leg);
  rows.push({ leg, found, result: 'reason' in found ? undefined : runSuite(found.file) });
}
console.log('\n| etcd | version | result |\n|---|---|---|');
for (const { leg, found, result } of rows)
  console.log(
    `| ${leg.name} | ${found.version ?? '-'} | ${result?.text ?? `not run: ${found.reason}`} |`,
  );
for (const { leg, result } of rows)
  for (const name of result?.failed ?? []) console.log(`failed with ${leg.name}: ${name}`);
process.exitCode = rows.some(({ result }) => result?.isGood === false) ? 1 : 0;

function runSuite(etcdBin) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'latchkey-versions-'));
  const file = path.join(folder, 'result.json');
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  try {
    const { status } = spawnSync(
      process.execPath,
      [vitest, 'run', '--project=integration', ...reporters],
      { cwd: root, stdio: 'inherit', env: { ...process.env, TEST_ETCD_BIN: etcdBin } },
    );
    return resultOf(JSON.parse(readFileSync(file, 'utf8')), status);
  } catch (error) {
    return { isGood: false, failed: [], text: `no result: ${error.message}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultOf(result, status) {
  const { numPassedTests, numFailedTests, numPendingTests } = result;
  const failed = result.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName),
  );
  const text = `passed ${numPassedTests}, failed ${numFailedTests}, skipped ${numPendingTests}`;
  return { isGood: status === 0, failed, text };
}
