// Requests made up out of the OpenAPI documents, against a healthy etcd of their own. `npm run test:fuzz` is the long form.
import { expect, it } from 'vitest';
import { fuzz } from '../fuzz/fuzz.js';
import { runSchemathesis, SCHEMATHESIS_SECONDS_MAX } from '../fuzz/schemathesis.js';
import { readFuzzSettings } from '../fuzz/settings.js';

/** A request takes a few milliseconds; this is for the machine. */
const REQUEST_MS_MAX = 100;
const AROUND_MS = 60_000;

const settings = readFuzzSettings(process.env);

it(
  'L10: returns documented responses to generated requests, and no 5xx that etcd itself does not return',
  { timeout: settings.requests * REQUEST_MS_MAX + AROUND_MS },
  async () => {
    const { report, faults } = await fuzz(settings);
    console.log(`fuzz: ${report}`);
    expect(faults, report).toEqual([]);
  },
);

const { schemathesis, seed } = settings;
if (schemathesis !== undefined) {
  it(
    'L10: answers what Schemathesis makes up as documented, none of it with a 5xx',
    { timeout: SCHEMATHESIS_SECONDS_MAX * 1_000 + AROUND_MS },
    async () => {
      const { isPassed, output } = await runSchemathesis(schemathesis, seed);
      console.log(output);
      expect(isPassed).toBe(true);
    },
  );
}
