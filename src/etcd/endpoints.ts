// The pool of etcd client endpoints: which to try next, and which to leave alone for a while. No I/O of its own.
import { GatewayError } from '../errors.js';

export interface Endpoint {
  /** `http://host:port`, without a trailing slash; what logs and metrics name. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
}

interface Health {
  failures: number;
  /** `performance.now()` milliseconds until which the endpoint is only a last resort. */
  ejectedUntil: number;
}

const EJECTION_MS = 1_000;
const EJECTION_MS_MAX = 10_000;
const DEFAULT_ETCD_PORT = 2379;

/**
 * Round robin over healthy endpoints. A failure ejects an endpoint for a second, growing to ten; ejected endpoints come last instead
 * of never, so that an outage of all of them ends as soon as one answers.
 */
export class EndpointPool {
  readonly #endpoints: readonly Endpoint[];
  readonly #health = new Map<Endpoint, Health>();
  readonly #now: () => number;
  #turn = 0;

  constructor(urls: readonly string[], now: () => number = () => performance.now()) {
    if (urls.length === 0) throw new Error('an endpoint pool needs at least one endpoint');
    this.#endpoints = urls.map(parseEndpoint);
    this.#now = now;
  }

  get all(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Every endpoint once, in the order in which one call should try them. */
  candidates(): Endpoint[] {
    const count = this.#endpoints.length;
    const start = this.#turn++ % count;
    const now = this.#now();
    const healthy: Endpoint[] = [];
    const ejected: Endpoint[] = [];
    for (let i = 0; i < count; i++) {
      const endpoint = this.#endpoints[(start + i) % count];
      if (endpoint === undefined) continue;
      ((this.#health.get(endpoint)?.ejectedUntil ?? 0) > now ? ejected : healthy).push(endpoint);
    }
    return [...healthy, ...ejected];
  }

  reportSuccess(endpoint: Endpoint): void {
    if (this.#health.size > 0) this.#health.delete(endpoint);
  }

  /** Call it for failures of the endpoint (refused, timed out, leaderless), not for answers that etcd meant. */
  reportFailure(endpoint: Endpoint): void {
    const failures = (this.#health.get(endpoint)?.failures ?? 0) + 1;
    const ejectionMs = Math.min(EJECTION_MS * 2 ** (failures - 1), EJECTION_MS_MAX);
    this.#health.set(endpoint, { failures, ejectedUntil: this.#now() + ejectionMs });
  }
}

/** Takes `host:port`, `host` and `http(s)://host[:port]`, as etcdctl does. Throws `invalid-request` for anything else. */
export function parseEndpoint(text: string): Endpoint {
  const trimmed = text.trim();
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  const url = URL.canParse(absolute) ? new URL(absolute) : undefined;
  const isPlain =
    url !== undefined &&
    (url.pathname === '/' || url.pathname === '') &&
    url.search === '' &&
    url.hash === '' &&
    url.password === '';
  if (
    !isPlain ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.hostname === ''
  ) {
    throw new GatewayError('invalid-request', {
      // What stands before an @ may be a password.
      detail: `${JSON.stringify(text.replace(/^.*@/, '…@'))} is not an etcd endpoint`,
      hint: 'write http://host:2379, https://host:2379 or host:2379',
    });
  }
  const port = /:\d+$/.test(trimmed.replace(/\/$/, '')) ? explicitPort(url) : DEFAULT_ETCD_PORT;
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return {
    url: `${url.protocol}//${url.hostname}:${port}`,
    hostname,
    port,
    isSecure: url.protocol === 'https:',
  };
}

// URL drops a port that is the scheme's default.
function explicitPort(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
