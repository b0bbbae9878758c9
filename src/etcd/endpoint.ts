// One etcd client endpoint: its address, and the forms in which users write it.
import { GatewayError } from '../core/errors.js';

export interface Endpoint {
  /** `http://host:port` without a trailing slash, or `unix:///path`. Logs and metrics contain it. */
  readonly url: string;
  /** For a socket: the `Host` that etcd receives. */
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** The unix socket to connect to, instead of a host and port. */
  readonly socketPath?: string;
}

const DEFAULT_ETCD_PORT = 2379;
const UNIX_SCHEME = 'unix://';

/** Takes `host:port`, `host`, `http(s)://host[:port]` and `unix:///path`, as etcdctl does. Throws `invalid-request` for anything else. */
export function parseEndpoint(text: string): Endpoint {
  const trimmed = text.trim();
  if (trimmed.startsWith(`${UNIX_SCHEME}/`)) return socketEndpoint(trimmed);
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
      // The text before an @ may contain a password.
      detail: `${JSON.stringify(text.replace(/^.*@/, '…@'))} is not an etcd endpoint`,
      hint: 'write http://host:2379, https://host:2379, host:2379 or unix:///path/of/a/socket',
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

function socketEndpoint(url: string): Endpoint {
  const socketPath = url.slice(UNIX_SCHEME.length);
  return { url, socketPath, hostname: 'localhost', port: 80, isSecure: false };
}

function hasScheme(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

// URL drops a port that is the scheme's default.
function explicitPort(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
