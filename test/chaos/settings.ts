// The settings of a run: those of the lock checker with fewer lock clients, and clients of keys.
import { numberOf, settingsFor } from '../lock-checker/settings.js';
import type { CheckSettings } from '../lock-checker/settings.js';
import type { KeyClientSettings } from './key-clients.js';

export interface ChaosSettings extends CheckSettings, KeyClientSettings {}

const SHORT_SECONDS = 20;

/** `CHAOS_SECONDS` and `CHAOS_SEED` of the environment; the defaults are the short form and a random seed. */
export function readChaosSettings(env: NodeJS.ProcessEnv): ChaosSettings {
  const seconds = numberOf(env.CHAOS_SECONDS) ?? SHORT_SECONDS;
  const settings = settingsFor(seconds, numberOf(env.CHAOS_SEED) ?? Date.now() % 1_000_000);
  return {
    ...settings,
    hotClients: 8,
    spreadClients: 20,
    spreadLocks: 6,
    keyClients: 32,
    keyPauseMs: [0, 120],
    connectionGapMs: [1_000, 5_000],
    disturbedKinds: [...settings.disturbedKinds, 'range', 'other'],
  };
}
