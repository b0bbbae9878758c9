// The pool of etcd's client endpoints: decides which endpoint to try next and which to avoid. Has no I/O and no clock: calls report their
// results, and the prober (prober.ts) checks the endpoints that get no calls.
import { GatewayError } from '../../core/errors.js';
import { parseEndpoint } from '../endpoint.js';
import type { Endpoint } from '../endpoint.js';
import { EndpointHealth } from './health.js';
import type { FailureKind, EndpointState } from './health.js';
import { RETRY_AFTER_SECONDS } from '../status.js';

/** An endpoint in a list, which comes from the settings or from DNS (RFC 2782). */
export interface EndpointRecord {
  readonly endpoint: Endpoint;
  /** The lowest priority is used first; the next one only if none of those endpoints is healthy. */
  readonly priority: number;
  /** The share of calls among endpoints of the same priority. Above 0. */
  readonly weight: number;
}

export type EndpointEvent =
  /** It is now on the list and must be verified. */
  | { readonly kind: 'added'; readonly endpoint: Endpoint }
  /** It is no longer on the list and gets no calls. */
  | { readonly kind: 'removed'; readonly endpoint: Endpoint }
  | { readonly kind: 'ejected'; readonly endpoint: Endpoint; readonly problem?: GatewayError }
  /** A call to a healthy endpoint failed, perhaps because of the client: the prober must check the endpoint. */
  | { readonly kind: 'probe-requested'; readonly endpoint: Endpoint }
  /** It is healthy for the first time. */
  | { readonly kind: 'verified'; readonly endpoint: Endpoint }
  | { readonly kind: 'recovered'; readonly endpoint: Endpoint }
  | { readonly kind: 'rejected'; readonly endpoint: Endpoint; readonly problem: GatewayError }
  /** No endpoint is healthy: calls go to ejected endpoints, if any. Repeated while that is so. */
  | { readonly kind: 'none-healthy' };

interface PoolEntry {
  record: EndpointRecord;
  readonly health: EndpointHealth;
  /** False for an endpoint that stays only until a listed one is healthy. */
  isListed: boolean;
  /** Credit of the smooth weighted round robin: the highest one comes first. */
  credit: number;
  wasHealthy: boolean;
  /** Why it is not healthy. */
  problem: GatewayError | undefined;
}

export interface PoolOptions {
  /** Endpoints get no calls before `markVerified` is called for them. */
  readonly requiresVerification?: boolean;
}

/**
 * Weighted round robin over the healthy endpoints, by priority. Ejected endpoints come last instead of never, so an outage of all of them
 * ends as soon as one responds. Unverified and rejected endpoints get no calls.
 */
export class EndpointPool {
  readonly #requiresVerification: boolean;
  readonly #listeners = new Set<(event: EndpointEvent) => void>();
  #entries: PoolEntry[] = [];
  #clusterId: string | undefined;

  constructor(urls: readonly string[], options: PoolOptions = {}) {
    this.#requiresVerification = options.requiresVerification ?? false;
    this.replace(urls.map((url) => ({ endpoint: parseEndpoint(url), priority: 0, weight: 1 })));
  }

  /** The endpoints of the list, in any state. */
  get all(): readonly Endpoint[] {
    return this.#entries.filter(({ isListed }) => isListed).map(({ record }) => record.endpoint);
  }

  /** The cluster that all endpoints must belong to, as in etcd's JSON; undefined until an endpoint is verified. */
  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  subscribe(listener: (event: EndpointEvent) => void): void {
    this.#listeners.add(listener);
  }

  stateOf(endpoint: Endpoint): EndpointState | undefined {
    return this.#entryOf(endpoint)?.health.state;
  }

  /** Returns every endpoint that may get calls, in the order in which one call should try them. */
  candidates(): Endpoint[] {
    const inState = (state: EndpointState): Endpoint[] =>
      byPriority(this.#entries.filter(({ health }) => health.state === state))
        .flatMap(inTurn)
        .map(({ record }) => record.endpoint);
    const healthy = inState('healthy');
    if (healthy.length === 0) this.#emit({ kind: 'none-healthy' });
    return [...healthy, ...inState('ejected')];
  }

  /** Replaces the list. Endpoints that are not on it are removed only when a listed one is healthy, so an unusable list does no harm. */
  replace(listings: readonly EndpointRecord[]): void {
    const listed = uniqueByUrl(listings);
    const kept = this.#entries.map((entry) => {
      const listing = listed.get(entry.record.endpoint.url);
      listed.delete(entry.record.endpoint.url);
      if (listing !== undefined) entry.record = { ...listing, endpoint: entry.record.endpoint };
      entry.isListed = listing !== undefined;
      return entry;
    });
    const added = [...listed.values()].map((listing) => this.#newEntry(listing));
    this.#entries = [...kept, ...added];
    for (const { record } of added) this.#emit({ kind: 'added', endpoint: record.endpoint });
    this.#dropUnlisted();
  }

  reportSuccess(endpoint: Endpoint): void {
    const entry = this.#entryOf(endpoint);
    if (entry?.health.recordSuccess() === true) this.#markHealthy(entry);
  }

  /** Call it for failures of the endpoint (refused, silent, without a leader), not for errors that etcd returns on purpose. */
  reportFailure(endpoint: Endpoint, kind: FailureKind, problem?: GatewayError): void {
    const entry = this.#entryOf(endpoint);
    if (entry === undefined) return;
    if (kind === 'suspect') {
      if (entry.health.state === 'healthy') this.#emit({ kind: 'probe-requested', endpoint });
      return;
    }
    entry.problem = problem ?? entry.problem;
    if (entry.health.recordFailure(kind)) {
      this.#emit({ kind: 'ejected', endpoint, ...(problem && { problem }) });
    }
    if (!this.#isAnyHealthy()) this.#emit({ kind: 'none-healthy' });
  }

  /** Marks a usable member. `clusterId`: if known. The first known one decides which cluster all endpoints must belong to. */
  markVerified(endpoint: Endpoint, clusterId: string | undefined): void {
    const entry = this.#entryOf(endpoint);
    if (entry === undefined) return;
    this.#clusterId ??= clusterId;
    if (clusterId !== undefined && !this.checkCluster(endpoint, clusterId)) return;
    if (entry.health.markVerified()) this.#markHealthy(entry);
  }

  /** The endpoint gets no calls until it is verified again. */
  reject(endpoint: Endpoint, problem: GatewayError): void {
    const entry = this.#entryOf(endpoint);
    if (entry === undefined) return;
    entry.problem = problem;
    if (entry.health.markRejected()) this.#emit({ kind: 'rejected', endpoint, problem });
    if (!this.#isAnyHealthy()) this.#emit({ kind: 'none-healthy' });
  }

  /** Checks the cluster ID of a response. Returns false, and rejects the endpoint, if it is another cluster. */
  checkCluster(endpoint: Endpoint, clusterId: string): boolean {
    if (this.#clusterId === undefined || this.#clusterId === clusterId) return true;
    this.reject(endpoint, anotherCluster());
    return false;
  }

  /** Returns why no endpoint is usable. Returns a lasting reason only if all endpoints have one, else a temporary one. */
  unavailableReason(): GatewayError {
    const problems = this.#entries.flatMap(({ problem }) => problem ?? []);
    const areLasting =
      problems.length === this.#entries.length &&
      problems.every(({ code }) => code === 'etcd-refused');
    const lasting = areLasting ? problems[0] : undefined;
    return lasting ?? problems.find(({ code }) => code !== 'etcd-refused') ?? unreachable();
  }

  #newEntry(listing: EndpointRecord): PoolEntry {
    const health = new EndpointHealth(this.#requiresVerification ? 'unverified' : 'healthy');
    const wasHealthy = !this.#requiresVerification;
    return {
      record: listing,
      health,
      isListed: true,
      credit: 0,
      wasHealthy,
      problem: undefined,
    };
  }

  #entryOf(endpoint: Endpoint): PoolEntry | undefined {
    return this.#entries.find(({ record }) => record.endpoint === endpoint);
  }

  #isAnyHealthy(): boolean {
    return this.#entries.some(({ health }) => health.state === 'healthy');
  }

  #markHealthy(entry: PoolEntry): void {
    entry.problem = undefined;
    this.#emit({
      kind: entry.wasHealthy ? 'recovered' : 'verified',
      endpoint: entry.record.endpoint,
    });
    entry.wasHealthy = true;
    this.#dropUnlisted();
  }

  #dropUnlisted(): void {
    if (!this.#entries.some(({ isListed, health }) => isListed && health.state === 'healthy'))
      return;
    const dropped = this.#entries.filter(({ isListed }) => !isListed);
    this.#entries = this.#entries.filter(({ isListed }) => isListed);
    for (const { record } of dropped) this.#emit({ kind: 'removed', endpoint: record.endpoint });
  }

  #emit(event: EndpointEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function uniqueByUrl(listings: readonly EndpointRecord[]): Map<string, EndpointRecord> {
  const unique = new Map<string, EndpointRecord>();
  for (const listing of listings) {
    if (!unique.has(listing.endpoint.url)) unique.set(listing.endpoint.url, listing);
  }
  return unique;
}

function byPriority(entries: readonly PoolEntry[]): PoolEntry[][] {
  const priorities = [...new Set(entries.map(({ record }) => record.priority))];
  return priorities
    .sort((a, b) => a - b)
    .map((priority) => entries.filter(({ record }) => record.priority === priority));
}

/** Returns the group rotated so that the next endpoint comes first. With equal weights this is plain round robin. */
function inTurn(group: readonly PoolEntry[]): PoolEntry[] {
  let first = 0;
  let total = 0;
  for (const [index, entry] of group.entries()) {
    entry.credit += entry.record.weight;
    total += entry.record.weight;
    if (entry.credit > (group[first]?.credit ?? 0)) first = index;
  }
  const chosen = group[first];
  if (chosen !== undefined) chosen.credit -= total;
  return [...group.slice(first), ...group.slice(0, first)];
}

function anotherCluster(): GatewayError {
  return new GatewayError('etcd-refused', {
    detail: 'an etcd endpoint belongs to another cluster',
    hint: 'check the endpoints; if the cluster was replaced on purpose, restart the gateway',
  });
}

function unreachable(): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'etcd cannot be reached',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
