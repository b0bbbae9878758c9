// The number of generated requests and their seed. The short form is the same in every run of the tests.

export interface DifferentialSettings {
  readonly seed: number;
  readonly requests: number;
}

const SHORT_REQUESTS = 500;
const SHORT_SEED = 7;

/** Reads `V2_REQUESTS` and `V2_SEED` from the environment. */
export function readDifferentialSettings(env: NodeJS.ProcessEnv): DifferentialSettings {
  const requests = Number(env.V2_REQUESTS ?? SHORT_REQUESTS);
  const seed = Number(env.V2_SEED ?? SHORT_SEED);
  if (!(requests > 0)) throw new Error(`${env.V2_REQUESTS} is not a number of requests`);
  if (!Number.isInteger(seed)) throw new Error(`${env.V2_SEED} is not a seed`);
  return { seed, requests };
}
