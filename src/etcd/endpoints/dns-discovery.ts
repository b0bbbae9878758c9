// Finds endpoints by DNS: etcd's own two SRV names, and where both are missing the SRV records at the bare name. The last list that was good
// stays in force whatever DNS says or does not say later. Tells no lists apart: whether a target is of the cluster the prober finds out.
import type { SrvRecord } from 'node:dns';
import { parseEndpoint } from '../endpoint.js';
import type { EndpointPool, EndpointRecord } from './pool.js';

export interface DiscoverySettings {
  readonly domain: string;
  /** Suffix of the service names. */
  readonly name?: string | undefined;
  /** Only records for TLS count: there are credentials that must not travel in the open. */
  readonly isTlsOnly: boolean;
  readonly intervalMs: number;
}

export interface DiscoveryDeps {
  readonly pool: EndpointPool;
  /** Rejects when there are none, or nobody says. */
  readonly resolveSrv: (name: string) => Promise<readonly SrvRecord[]>;
  readonly onProblem?: (reason: string) => void;
}

const TARGETS_MAX = 100;
/** Between two look-ups, however bad it looks. */
const LOOKUP_GAP_MS = 1_000;
/** Weight 0 has "a very small chance of being selected" (RFC 2782). */
const SMALL_WEIGHT = 0.01;
const TARGET = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

export class DnsDiscovery {
  readonly #settings: DiscoverySettings;
  readonly #deps: DiscoveryDeps;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #lookedAt = -Infinity;
  #isStopped = false;

  constructor(settings: DiscoverySettings, deps: DiscoveryDeps) {
    this.#settings = settings;
    this.#deps = deps;
    deps.pool.subscribe(({ kind }) => {
      if (kind === 'none-healthy') this.#lookSoon();
    });
  }

  /** Resolves after the first look-up, whatever came of it; looks again and again from then on. */
  async start(): Promise<void> {
    await this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #lookSoon(): void {
    if (this.#isStopped || this.#running !== undefined) return;
    const waitMs = this.#lookedAt + LOOKUP_GAP_MS - performance.now();
    if (waitMs <= 0) void this.#look();
    else if (this.#settings.intervalMs > LOOKUP_GAP_MS) this.#lookIn(waitMs);
  }

  #lookIn(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), waitMs);
  }

  #look(): Promise<void> {
    this.#lookedAt = performance.now();
    this.#running ??= this.#lookUp().finally(() => {
      this.#running = undefined;
      if (!this.#isStopped) this.#lookIn(this.#settings.intervalMs);
    });
    return this.#running;
  }

  async #lookUp(): Promise<void> {
    const { pool, onProblem } = this.#deps;
    const listings = await this.#find();
    if (this.#isStopped) return;
    if (listings.length > 0) pool.replace(listings);
    else onProblem?.(`DNS names no endpoint that may be used for ${this.#settings.domain}`);
  }

  async #find(): Promise<EndpointRecord[]> {
    const { domain, name, isTlsOnly } = this.#settings;
    const suffix = name === undefined ? '' : `-${name}`;
    const [secure, open] = await Promise.all([
      this.#records(`_etcd-client-ssl${suffix}._tcp.${domain}`),
      this.#records(`_etcd-client${suffix}._tcp.${domain}`),
    ]);
    const found = [...toListings(secure, 'https'), ...(isTlsOnly ? [] : toListings(open, 'http'))];
    if (found.length > 0 || secure.length + open.length > 0) return found;
    return toListings(await this.#records(domain), isTlsOnly ? 'https' : 'http');
  }

  async #records(name: string): Promise<readonly SrvRecord[]> {
    try {
      return await this.#deps.resolveSrv(name);
    } catch {
      return [];
    }
  }
}

function toListings(records: readonly SrvRecord[], scheme: 'http' | 'https'): EndpointRecord[] {
  return records.slice(0, TARGETS_MAX).flatMap(({ name, port, priority, weight }) => {
    const host = name.toLowerCase().replace(/\.$/, '');
    // A lone dot says that the service is not to be had here (RFC 2782).
    if (!TARGET.test(host) || port < 1) return [];
    const endpoint = parseEndpoint(`${scheme}://${host}:${port}`);
    return [{ endpoint, priority, weight: Math.max(weight, SMALL_WEIGHT) }];
  });
}
