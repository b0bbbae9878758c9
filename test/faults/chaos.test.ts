// Readers and writers of keys, transactions and locks through two gateways over three members while everything is killed, paused and
// cut, judged by etcd's own history. `npm run test:chaos` is the long form.
import { expect, it } from 'vitest';
import { runChaos } from '../chaos/run.js';
import { readChaosSettings } from '../chaos/settings.js';

/** Start, quiet end and judgement. */
const AROUND_MS = 180_000;

/** What must never be is not judged again. */
let unsafe = '';

const settings = readChaosSettings(process.env);

it(
  'F12: loses no acknowledged write, applies none twice, and shows no reader the past, whatever is killed, paused or cut',
  // A machine that starves etcd for seconds is judged once more, for what is late; violations and their seed are printed either way.
  { timeout: settings.runMs + AROUND_MS, retry: 1 },
  async () => {
    if (unsafe !== '') expect.fail(unsafe);
    console.log(`chaos: seed ${settings.seed}, ${settings.runMs / 1000} s`);
    const { counts, violations, isUnsafe } = await runChaos(settings);
    console.log(violations === '' ? counts : `${violations}\n${counts}`);
    if (isUnsafe) unsafe = violations;
    if (violations !== '') expect.fail(`\n${violations}\n\n${counts}`);
  },
);
