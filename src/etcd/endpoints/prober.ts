// Probes the endpoints that get no calls: new ones until they are verified, ejected ones until they are healthy, and rejected ones in case
// they become usable. So no client request is delayed by such checks. Healthy endpoints are probed only if a call to them failed.
import type { Endpoint } from '../endpoint.js';
import { probeEndpoint } from './probe.js';
import type { ProbeDeps, ProbeResult } from './probe.js';
import type { EndpointPool } from './pool.js';

export interface ProberLimits {
  /** For one probe. */
  readonly timeoutMs: number;
  /** How long the first round waits for endpoints that have not responded. */
  readonly firstRoundMs: number;
  /** Pause between two probes of the same endpoint: doubles from the first to the maximum, with jitter. */
  readonly pauseFirstMs: number;
  readonly pauseMaxMs: number;
}

const PROBER_LIMITS: ProberLimits = {
  timeoutMs: 1_000,
  firstRoundMs: 1_500,
  pauseFirstMs: 250,
  pauseMaxMs: 2_000,
};

export interface ProberDeps extends Omit<ProbeDeps, 'timeoutMs'> {
  readonly pool: EndpointPool;
  readonly limits?: Partial<ProberLimits>;
  readonly random?: () => number;
}

interface Watched {
  timer: NodeJS.Timeout | undefined;
  /** Probes since it was last healthy. */
  probes: number;
}

/** What the first round found of one endpoint. `result` is undefined if the endpoint did not respond before the round ended. */
export interface FirstProbe {
  readonly endpoint: Endpoint;
  readonly result: ProbeResult | undefined;
}

export class EndpointProber {
  readonly #deps: ProberDeps;
  readonly #limits: ProberLimits;
  readonly #watched = new Map<Endpoint, Watched>();
  /** Suspected endpoints with a probe in flight: at most one for each endpoint. */
  readonly #checking = new Set<Endpoint>();
  readonly #versions = new Map<Endpoint, string>();
  #isRunning = false;

  constructor(deps: ProberDeps) {
    this.#deps = deps;
    this.#limits = { ...PROBER_LIMITS, ...deps.limits };
    deps.pool.subscribe(({ kind, ...event }) => {
      if (!('endpoint' in event) || !this.#isRunning) return;
      if (kind === 'added') this.#watch(event.endpoint, 0);
      if (kind === 'ejected' || kind === 'rejected') this.#watch(event.endpoint);
      if (kind === 'probe-requested') this.#check(event.endpoint);
      if (kind === 'removed') this.#forget(event.endpoint);
    });
  }

  /** The versions of the members that were healthy so far; empty until one was. */
  get versions(): readonly string[] {
    return [...this.#versions.values()];
  }

  /**
   * Probes every endpoint. Resolves when all have responded, when a majority is of one cluster, or when the round is over. The cluster of
   * most endpoints is then the one that all must belong to. Returns every endpoint that was probed.
   */
  async start(): Promise<readonly FirstProbe[]> {
    this.#isRunning = true;
    const endpoints = this.#deps.pool.all;
    const round = await this.#firstRound(endpoints);
    const cluster = mostFrequent(round.map(([, result]) => clusterOf(result)));
    const isLast = ([, result]: ProbedEndpoint): boolean => clusterOf(result) !== cluster;
    for (const [endpoint, result] of [...round].sort((a, b) => +isLast(a) - +isLast(b))) {
      this.#applyResult(endpoint, result);
    }
    const results = new Map(round);
    return endpoints.map((endpoint) => ({ endpoint, result: results.get(endpoint) }));
  }

  /** Probes every endpoint once. Resolves within `timeoutMs`; an endpoint that has not responded by then counts as unreachable. */
  async countReachable(timeoutMs: number): Promise<Reachability> {
    const endpoints = this.#deps.pool.all;
    let reachable = 0;
    let timer: NodeJS.Timeout | undefined;
    const isLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    const probes = endpoints.map(async (endpoint) => {
      if (isMember(await this.#probe(endpoint))) reachable += 1;
    });
    await Promise.race([Promise.all(probes), isLate]);
    clearTimeout(timer);
    return { reachable, total: endpoints.length };
  }

  stop(): void {
    this.#isRunning = false;
    for (const endpoint of [...this.#watched.keys()]) this.#forget(endpoint);
  }

  #firstRound(endpoints: readonly Endpoint[]): Promise<ProbedEndpoint[]> {
    const round: ProbedEndpoint[] = [];
    return new Promise((resolve) => {
      let isOver = false;
      const end = (): void => {
        isOver = true;
        clearTimeout(timer);
        resolve(round);
      };
      const timer = setTimeout(end, this.#limits.firstRoundMs);
      if (endpoints.length === 0) end();
      for (const endpoint of endpoints) {
        void this.#probe(endpoint).then((result) => {
          if (isOver) {
            this.#applyResult(endpoint, result);
            return;
          }
          round.push([endpoint, result]);
          if (round.length === endpoints.length || isDecided(round, endpoints.length)) end();
        });
      }
    });
  }

  #probe(endpoint: Endpoint): Promise<ProbeResult> {
    const { transport, instanceId } = this.#deps;
    return probeEndpoint(endpoint, { transport, instanceId, timeoutMs: this.#limits.timeoutMs });
  }

  #applyResult(endpoint: Endpoint, result: ProbeResult): void {
    const { pool } = this.#deps;
    if (!this.#isRunning || pool.stateOf(endpoint) === undefined) return;
    if (result.kind === 'healthy') {
      if (result.version !== undefined) this.#versions.set(endpoint, result.version);
      pool.markVerified(endpoint, result.clusterId);
    } else if (result.kind === 'too-old' || (result.kind === 'unhealthy' && result.isLasting)) {
      pool.reject(endpoint, result.problem);
    } else if (result.kind === 'unhealthy') {
      pool.reportFailure(endpoint, 'unreachable', result.problem);
    }
    if (pool.stateOf(endpoint) === 'healthy') this.#watched.delete(endpoint);
    else this.#watch(endpoint);
  }

  /** Schedules a probe, unless one is scheduled. */
  #watch(endpoint: Endpoint, pauseMs?: number): void {
    const watched = this.#watched.get(endpoint) ?? { timer: undefined, probes: 0 };
    this.#watched.set(endpoint, watched);
    if (watched.timer !== undefined) return;
    const { pauseFirstMs, pauseMaxMs } = this.#limits;
    const ceilingMs = Math.min(pauseMaxMs, pauseFirstMs * 2 ** watched.probes);
    const jitter = 0.5 + (this.#deps.random ?? Math.random)() / 2;
    watched.timer = setTimeout(
      () => {
        watched.probes += 1;
        void this.#probe(endpoint).then((result) => {
          if (this.#watched.get(endpoint) !== watched) return;
          watched.timer = undefined;
          this.#applyResult(endpoint, result);
        });
      },
      pauseMs ?? ceilingMs * jitter,
    );
  }

  #check(endpoint: Endpoint): void {
    if (this.#checking.has(endpoint)) return;
    this.#checking.add(endpoint);
    void this.#probe(endpoint).then((result) => {
      this.#checking.delete(endpoint);
      this.#applyResult(endpoint, result);
    });
  }

  #forget(endpoint: Endpoint): void {
    clearTimeout(this.#watched.get(endpoint)?.timer);
    this.#watched.delete(endpoint);
    this.#versions.delete(endpoint);
  }
}

/** How many of the endpoints are members that respond, with or without a leader. */
export interface Reachability {
  readonly reachable: number;
  readonly total: number;
}

function isMember(result: ProbeResult): boolean {
  return result.kind === 'healthy' || (result.kind === 'unhealthy' && result.isMember);
}

type ProbedEndpoint = readonly [Endpoint, ProbeResult];

function isDecided(round: readonly ProbedEndpoint[], endpoints: number): boolean {
  const clusters = round.map(([, result]) => clusterOf(result));
  const most = mostFrequent(clusters);
  return most !== undefined && clusters.filter((each) => each === most).length * 2 > endpoints;
}

function clusterOf(result: ProbeResult): string | undefined {
  return result.kind === 'healthy' ? result.clusterId : undefined;
}

/** Returns the first of the most frequent texts; ignores `undefined`. */
function mostFrequent(texts: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
