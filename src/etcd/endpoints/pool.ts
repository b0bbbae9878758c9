// The pool of etcd's client endpoints: which to try next, and which to leave alone for a while. No I/O and no clock of its own: calls
// report what they saw, and the prober (prober.ts) looks after those that get no calls.
import { GatewayError } from '../../core/errors.js';
import { parseEndpoint } from '../endpoint.js';
import type { Endpoint } from '../endpoint.js';
import { EndpointHealth } from './health.js';
import type { FailureKind, EndpointState } from './health.js';
import { RETRY_AFTER_SECONDS } from '../status.js';

/** An endpoint as a list of them names it: by hand, by DNS (RFC 2782), or by the cluster itself. */
export interface EndpointRecord {
  readonly endpoint: Endpoint;
  /** The lowest come first; the next ones only when these are down. */
  readonly priority: number;
  /** How often it comes first among those of its priority, in proportion. Above 0. */
  readonly weight: number;
}

export type EndpointEvent =
  /** It is on the list now and wants to be proven. */
  | { readonly kind: 'added'; readonly endpoint: Endpoint }
  /** It is not on the list any more, and not asked any more. */
  | { readonly kind: 'removed'; readonly endpoint: Endpoint }
  | { readonly kind: 'ejected'; readonly endpoint: Endpoint; readonly problem?: GatewayError }
  /** It is up, and a call to it failed, perhaps because of the client: the prober must ask it. */
  | { readonly kind: 'probe-requested'; readonly endpoint: Endpoint }
  /** It takes its turn for the first time. */
  | { readonly kind: 'verified'; readonly endpoint: Endpoint }
  | { readonly kind: 'recovered'; readonly endpoint: Endpoint }
  | { readonly kind: 'rejected'; readonly endpoint: Endpoint; readonly problem: GatewayError }
  /** None is up: calls go to whoever may be there again, or to nobody. Told again and again while that lasts. */
  | { readonly kind: 'none-healthy' };

interface PoolEntry {
  record: EndpointRecord;
  readonly health: EndpointHealth;
  /** False for one that stays only until a listed one is up. */
  isListed: boolean;
  /** What it has saved up for coming first (smooth weighted round robin). */
  credit: number;
  wasHealthy: boolean;
  /** Why it is not up. */
  problem: GatewayError | undefined;
}

export interface PoolOptions {
  /** Endpoints get no call before `prove` was called for them. */
  readonly requiresVerification?: boolean;
}

/**
 * Weighted round robin over the endpoints that are up, by priority. Those that are down come last instead of never, so that an outage of
 * all of them ends as soon as one answers; those that are not proven, or refused, never come.
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

  /** The endpoints of the list, whatever their health. */
  get all(): readonly Endpoint[] {
    return this.#entries
      .filter(({ isListed }) => isListed)
      .map(({ record: listing }) => listing.endpoint);
  }

  /** The cluster that all endpoints have to belong to, as etcd's JSON writes it; undefined as long as none has been proven. */
  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  subscribe(listener: (event: EndpointEvent) => void): void {
    this.#listeners.add(listener);
  }

  stateOf(endpoint: Endpoint): EndpointState | undefined {
    return this.#entryOf(endpoint)?.health.state;
  }

  /** Every endpoint once that may be asked, in the order in which one call should try them. */
  candidates(): Endpoint[] {
    const order = (standing: EndpointState): Endpoint[] =>
      byPriority(this.#entries.filter(({ health }) => health.state === standing))
        .flatMap(inTurn)
        .map(({ record: listing }) => listing.endpoint);
    const up = order('healthy');
    if (up.length === 0) this.#tell({ kind: 'none-healthy' });
    return [...up, ...order('ejected')];
  }

  /** Puts another list in force. Nothing is lost when it is of no use: endpoints that are not on it go when one that is on it is up. */
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
    for (const { record: listing } of added)
      this.#tell({ kind: 'added', endpoint: listing.endpoint });
    this.#dropUnlisted();
  }

  reportSuccess(endpoint: Endpoint): void {
    const entry = this.#entryOf(endpoint);
    if (entry?.health.recordSuccess() === true) this.#rise(entry);
  }

  /** Call it for failures of the endpoint (refused, silent, leaderless), not for answers that etcd meant. */
  reportFailure(endpoint: Endpoint, kind: FailureKind, problem?: GatewayError): void {
    const entry = this.#entryOf(endpoint);
    if (entry === undefined) return;
    if (kind === 'suspect') {
      if (entry.health.state === 'healthy') this.#tell({ kind: 'probe-requested', endpoint });
      return;
    }
    entry.problem = problem ?? entry.problem;
    if (entry.health.recordFailure(kind)) {
      this.#tell({ kind: 'ejected', endpoint, ...(problem && { problem }) });
    }
    if (!this.#isAnyUp()) this.#tell({ kind: 'none-healthy' });
  }

  /** The endpoint is a fit member, of that cluster where it says so. The first one decides which cluster all have to belong to. */
  markVerified(endpoint: Endpoint, clusterId: string | undefined): void {
    const entry = this.#entryOf(endpoint);
    if (entry === undefined) return;
    this.#clusterId ??= clusterId;
    if (clusterId !== undefined && !this.checkCluster(endpoint, clusterId)) return;
    if (entry.health.markVerified()) this.#rise(entry);
  }

  /** Not to be asked until it is proven again. */
  reject(endpoint: Endpoint, problem: GatewayError): void {
    const entry = this.#entryOf(endpoint);
    if (entry === undefined) return;
    entry.problem = problem;
    if (entry.health.markRejected()) this.#tell({ kind: 'rejected', endpoint, problem });
    if (!this.#isAnyUp()) this.#tell({ kind: 'none-healthy' });
  }

  /** Checks what an answer says of its cluster; false when it is none of ours, which refuses the endpoint. */
  checkCluster(endpoint: Endpoint, clusterId: string): boolean {
    if (this.#clusterId === undefined || this.#clusterId === clusterId) return true;
    this.reject(endpoint, anotherCluster());
    return false;
  }

  /** Why there is nobody to ask. A lasting reason comes before a passing one only where all have one. */
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
    return this.#entries.find(({ record: listing }) => listing.endpoint === endpoint);
  }

  #isAnyUp(): boolean {
    return this.#entries.some(({ health }) => health.state === 'healthy');
  }

  #rise(entry: PoolEntry): void {
    entry.problem = undefined;
    this.#tell({
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
    for (const { record: listing } of dropped)
      this.#tell({ kind: 'removed', endpoint: listing.endpoint });
  }

  #tell(event: EndpointEvent): void {
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
  const priorities = [...new Set(entries.map(({ record: listing }) => listing.priority))];
  return priorities
    .sort((a, b) => a - b)
    .map((priority) => entries.filter(({ record: listing }) => listing.priority === priority));
}

/** The one whose turn it is first, the others behind it as the list goes round. With equal weights that is plain round robin. */
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
