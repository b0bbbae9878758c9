// One etcd client endpoint: its address, and how people write it.
import { GatewayError } from '../errors.js';

export interface Endpoint {
  /** `http://host:port`, without a trailing slash; what logs and metrics name. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
}

const DEFAULT_ETCD_PORT = 2379;

/** Takes `host:port`, `host` and `http(s)://host[:port]`, as etcdctl does. Throws `invalid-request` for anything else. */
export function parseEndpoint(text: string): Endpoint {
  const trimmed = text.trim();
  const absolute = hasScheme(trimmed) ? trimmed : `http://${trimmed}`;
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

function hasScheme(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

// URL drops a port that is the scheme's default.
function explicitPort(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
