// Made-up sequences of requests, answered by a real etcd 3.4 and by the gateway. `npm run test:v2` is the long form.
import { expect, it } from 'vitest';
import { compareWithEtcd } from '../differential/differential.js';
import { readDifferentialSettings } from '../differential/settings.js';

/** A request takes some milliseconds; this is for the machine. */
const REQUEST_MS_MAX = 200;
const AROUND_MS = 120_000;

const settings = readDifferentialSettings(process.env);

it(
  'v2 is answered as etcd 3.4 answers it, but for what the README names',
  { timeout: settings.requests * REQUEST_MS_MAX + AROUND_MS },
  async () => {
    const { report, mismatches } = await compareWithEtcd(settings);
    console.log(`v2: ${report}`);
    expect(mismatches, report).toEqual([]);
  },
);
