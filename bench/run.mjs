// `npm run bench -- [--quick]`: what the gateway costs, measured against etcd's own JSON gateway in alternating short rounds of one
// run, so that a busy machine slows both. Absolute numbers compare only inside one table; the ratio and the CPU travel better.
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { runRound } from './load.mjs';
import { startBoth } from './processes.mjs';
import { summarise, tableOf } from './table.mjs';

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

const both = await startBoth(say).catch((error) => {
  say(error.message);
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
for (const failure of failures) say(failure);
process.exitCode = failures.length === 0 ? 0 : 1;

async function measure() {
  const work = cases(both);
  await both.prepare(work);
  say(`warming up, then ${plan.rounds} rounds of ${plan.seconds} s for each line`);
  for (const one of work) await runRound(one, { connections: 16, seconds: WARM_UP_SECONDS, both });
  const results = [];
  for (const connections of CONNECTIONS) {
    for (let round = 0; round < plan.rounds; round++) {
      // Turned round every other time: whatever comes after a heavy neighbour is not always the same one.
      const order = round % 2 === 0 ? work : work.toReversed();
      for (const one of order) {
        results.push(await runRound(one, { connections, seconds: plan.seconds, both }));
      }
    }
  }
  const rows = summarise(results);
  console.log(values.json ? JSON.stringify(rows, null, 2) : tableOf(rows, both.etcdVersion));
  return results.flatMap((result) => result.failures);
}

function say(line) {
  process.stderr.write(`bench: ${line}\n`);
}
