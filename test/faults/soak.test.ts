// Everything at once at a moderate pace: nothing is left when it is over. `npm run test:soak` is the long form, in which nothing may grow.
import { expect, it } from 'vitest';
import { readSoakSettings } from '../soak/settings.js';
import { soak } from '../soak/soak.js';

/** Start and rest. */
const AROUND_MS = 180_000;

const settings = readSoakSettings(process.env);

it(
  'L7: leaves no waiter, watch, lease or socket behind when all callers have gone, and does not grow',
  { timeout: settings.loadMs + AROUND_MS },
  async () => {
    const { report, faults } = await soak(settings);
    console.log(`soak: ${report}`);
    expect(faults, report).toEqual([]);
  },
);
