// Generated sequences of requests, sent to a real etcd 3.4 and to the gateway. `npm run test:v2` is the long form.
import { expect, it } from 'vitest';
import { compareWithEtcd } from '../differential/differential.js';
import { readDifferentialSettings } from '../differential/settings.js';

/** A request takes a few milliseconds. The limit allows for slow machines. */
const REQUEST_MS_MAX = 200;
const SETUP_MS = 120_000;

const settings = readDifferentialSettings(process.env);

it(
  'v2 responses equal those of etcd 3.4, with the exceptions in the documentation',
  { timeout: settings.requests * REQUEST_MS_MAX + SETUP_MS },
  async () => {
    const { report, mismatches } = await compareWithEtcd(settings);
    console.log(`v2: ${report}`);
    expect(mismatches, report).toEqual([]);
  },
);
