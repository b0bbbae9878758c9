// How many requests are made up, and out of which seed. The short form is the same in every run of the tests.

export interface FuzzSettings {
  readonly seed: number;
  /** Out of latchkey.yaml. */
  readonly requests: number;
  /** Out of etcd-v3.yaml. */
  readonly rawRequests: number;
  /** Fewer requests are over before memory is what it is. */
  readonly isMemoryJudged: boolean;
  /** Its executable, where it is to be asked too. */
  readonly schemathesis: string | undefined;
}

const SHORT_REQUESTS = 250;
const SHORT_SEED = 6;
const JUDGED_FROM_REQUESTS = 10_000;
/** Of the requests of the friendly door. */
const RAW_SHARE = 0.25;

/** `FUZZ_REQUESTS`, `FUZZ_SEED` and `FUZZ_SCHEMATHESIS` of the environment. */
export function readFuzzSettings(env: NodeJS.ProcessEnv): FuzzSettings {
  const requests = Number(env.FUZZ_REQUESTS ?? SHORT_REQUESTS);
  if (!(requests > 0)) throw new Error(`${env.FUZZ_REQUESTS} is no number of requests`);
  return {
    seed: Number(env.FUZZ_SEED ?? SHORT_SEED),
    requests,
    rawRequests: Math.ceil(requests * RAW_SHARE),
    isMemoryJudged: requests >= JUDGED_FROM_REQUESTS,
    schemathesis: env.FUZZ_SCHEMATHESIS,
  };
}
