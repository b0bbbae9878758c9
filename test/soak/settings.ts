// How long a soak lasts and how it is sampled. The short form only shows that the soak itself works; the long one is a command.

export interface SoakSettings {
  readonly seed: number;
  readonly loadMs: number;
  readonly sampleEveryMs: number;
  /** Memory takes a while to be what it is: shorter runs are judged by what is left in the end alone. */
  readonly isGrowthJudged: boolean;
  /** Where the samples go; undefined for nowhere. */
  readonly file: string | undefined;
}

const SHORT_MINUTES = 0.05;
const JUDGED_FROM_MINUTES = 10;
const SAMPLES = 720;
const SAMPLE_EVERY_MS_MIN = 500;

/** `SOAK_MINUTES`, `SOAK_SEED` and `SOAK_FILE` of the environment; the short form, any seed and no file without them. */
export function readSoakSettings(env: NodeJS.ProcessEnv): SoakSettings {
  const minutes = Number(env.SOAK_MINUTES ?? SHORT_MINUTES);
  if (!(minutes > 0)) throw new Error(`${env.SOAK_MINUTES} minutes are no time to soak`);
  const loadMs = minutes * 60_000;
  return {
    seed: Number(env.SOAK_SEED ?? Date.now() % 1_000_000),
    loadMs,
    sampleEveryMs: Math.max(SAMPLE_EVERY_MS_MIN, loadMs / SAMPLES),
    isGrowthJudged: minutes >= JUDGED_FROM_MINUTES,
    file: env.SOAK_FILE,
  };
}
