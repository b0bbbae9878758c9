// `npm run bench -- [--quick]` measures the gateway and etcd's own JSON gateway in alternating short rounds of one run, so that a busy
// machine slows both. Compare absolute numbers only within one table. The ratio and the CPU can be compared between runs.
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { runRound } from './load.mjs';
import { startBoth } from './processes.mjs';
import { summarize, tableOf } from './table.mjs';

const PLANS = {
  quick: { rounds: 2, seconds: 2 },
  full: { rounds: 5, seconds: 6 },
};
const CONNECTIONS = [1, 64];
const WARM_UP_SECONDS = 1;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const plan = values.quick ? PLANS.quick : PLANS.full;

const both = await startBoth(report).catch((error) => {
  report(error.message);
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void both.stop().finally(() => process.exit(1)));
}
let failures;
try {
  failures = await measure();
} finally {
  await both.stop();
}
for (const failure of failures) report(failure);
process.exitCode = failures.length === 0 ? 0 : 1;

async function measure() {
  const benchmarks = cases(both);
  await both.prepare(benchmarks);
  report(`warming up, then ${plan.rounds} rounds of ${plan.seconds} s for each row`);
  for (const benchmark of benchmarks)
    await runRound(benchmark, { connections: 16, seconds: WARM_UP_SECONDS, both });
  const results = [];
  for (const connections of CONNECTIONS) {
    for (let round = 0; round < plan.rounds; round++) {
      // The order alternates, so that a heavy case does not always precede the same one.
      const order = round % 2 === 0 ? benchmarks : benchmarks.toReversed();
      for (const benchmark of order) {
        results.push(await runRound(benchmark, { connections, seconds: plan.seconds, both }));
      }
    }
  }
  const rows = summarize(results);
  console.log(values.json ? JSON.stringify(rows, null, 2) : tableOf(rows, both.etcdVersion));
  return results.flatMap((result) => result.failures);
}

function report(line) {
  process.stderr.write(`bench: ${line}\n`);
}
