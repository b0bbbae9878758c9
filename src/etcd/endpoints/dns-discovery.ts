// Finds endpoints by DNS: under etcd's two SRV names, or, if both are missing, in the SRV records of the domain itself. The last good list
// stays in use if later lookups fail. Does not check the targets: the prober finds out whether they belong to the cluster.
import type { SrvRecord } from 'node:dns';
import { parseEndpoint } from '../endpoint.js';
import type { EndpointPool, EndpointRecord } from './pool.js';

export interface DiscoverySettings {
  readonly domain: string;
  /** Suffix of the service names. */
  readonly name?: string | undefined;
  /** Uses only records for TLS, because credentials must not be sent unencrypted. */
  readonly isTlsOnly: boolean;
  readonly intervalMs: number;
}

export interface DiscoveryDeps {
  readonly pool: EndpointPool;
  /** Rejects if there are no records, or no DNS server responds. */
  readonly resolveSrv: (name: string) => Promise<readonly SrvRecord[]>;
  readonly onProblem?: (reason: string) => void;
}

const TARGETS_MAX = 100;
/** Minimum time between two lookups, even if no endpoint is healthy. */
const LOOKUP_GAP_MS = 1_000;
/** Weight 0 has "a very small chance of being selected" (RFC 2782). */
const SMALL_WEIGHT = 0.01;
const TARGET = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

export class DnsDiscovery {
  readonly #settings: DiscoverySettings;
  readonly #deps: DiscoveryDeps;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #lastLookupAt = -Infinity;
  #isStopped = false;

  constructor(settings: DiscoverySettings, deps: DiscoveryDeps) {
    this.#settings = settings;
    this.#deps = deps;
    deps.pool.subscribe(({ kind }) => {
      if (kind === 'none-healthy') this.#lookUpSoon();
    });
  }

  /** Resolves after the first lookup, even if it failed. Then repeats the lookup at the interval. */
  async start(): Promise<void> {
    await this.#lookUp();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #lookUpSoon(): void {
    if (this.#isStopped || this.#running !== undefined) return;
    const waitMs = this.#lastLookupAt + LOOKUP_GAP_MS - performance.now();
    if (waitMs <= 0) void this.#lookUp();
    else if (this.#settings.intervalMs > LOOKUP_GAP_MS) this.#lookUpIn(waitMs);
  }

  #lookUpIn(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookUp(), waitMs);
  }

  #lookUp(): Promise<void> {
    this.#lastLookupAt = performance.now();
    this.#running ??= this.#updatePool().finally(() => {
      this.#running = undefined;
      if (!this.#isStopped) this.#lookUpIn(this.#settings.intervalMs);
    });
    return this.#running;
  }

  async #updatePool(): Promise<void> {
    const { pool, onProblem } = this.#deps;
    const records = await this.#find();
    if (this.#isStopped) return;
    if (records.length > 0) pool.replace(records);
    else onProblem?.(`DNS has no usable endpoint for ${this.#settings.domain}`);
  }

  async #find(): Promise<EndpointRecord[]> {
    const { domain, name, isTlsOnly } = this.#settings;
    const suffix = name === undefined ? '' : `-${name}`;
    const [secure, plain] = await Promise.all([
      this.#records(`_etcd-client-ssl${suffix}._tcp.${domain}`),
      this.#records(`_etcd-client${suffix}._tcp.${domain}`),
    ]);
    const found = [...toRecords(secure, 'https'), ...(isTlsOnly ? [] : toRecords(plain, 'http'))];
    if (found.length > 0 || secure.length + plain.length > 0) return found;
    return toRecords(await this.#records(domain), isTlsOnly ? 'https' : 'http');
  }

  async #records(name: string): Promise<readonly SrvRecord[]> {
    try {
      return await this.#deps.resolveSrv(name);
    } catch {
      return [];
    }
  }
}

function toRecords(records: readonly SrvRecord[], scheme: 'http' | 'https'): EndpointRecord[] {
  return records.slice(0, TARGETS_MAX).flatMap(({ name, port, priority, weight }) => {
    const host = name.toLowerCase().replace(/\.$/, '');
    // A target of "." means that the service is not available (RFC 2782).
    if (!TARGET.test(host) || port < 1) return [];
    const endpoint = parseEndpoint(`${scheme}://${host}:${port}`);
    return [{ endpoint, priority, weight: Math.max(weight, SMALL_WEIGHT) }];
  });
}
