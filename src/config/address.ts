// Parses addresses, URLs, origins and host names in settings.
import { isIPv4, isIPv6 } from 'node:net';
import { parseEndpoint } from '../etcd/endpoint.js';
import { GatewayError } from '../core/errors.js';

export interface ListenAddress {
  /** A name or an address without brackets. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

/** Longer lists are considered a mistake. */
const LIST_ENTRIES_MAX = 100;
const PORT_MAX = 65_535;
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/;

export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text.trim());
  const ipv6 = match?.groups?.ipv6;
  const host = ipv6 ?? match?.groups?.host?.toLowerCase();
  const port = Number(match?.groups?.port);
  const isValid = ipv6 === undefined ? isHostName(host ?? '') : isIPv6(ipv6);
  if (host === undefined || !isValid || port > PORT_MAX) {
    throw refused(text, 'an address and port', 'write 127.0.0.1:8888, [::1]:8888 or 0.0.0.0:8888');
  }
  return { host, port };
}

/** Parses a loopback address with a fixed TCP port; `undefined` for an empty text. */
export function parseLoopbackPort(text: string): ListenAddress | undefined {
  if (text === '') return undefined;
  const { host, port } = parseListen(text);
  if (!isLoopback(host)) {
    throw refused(
      text,
      'a loopback address',
      'write 127.0.0.1:2379; embedded etcd has no authentication',
    );
  }
  if (port === 0) throw refused(text, 'a fixed port', 'write 127.0.0.1:2379');
  // etcd listens on addresses, not on names.
  return { host: host === 'localhost' ? '127.0.0.1' : host, port };
}

/** Returns whether only this machine can connect to the host. A name other than localhost can resolve to any address. */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  return plain === 'localhost' || plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}

/** Parses advertised URLs to origins (`http://gateway:8888`). */
export function parseAdvertiseUrls(text: string): string[] {
  return listOf(text).map((entry) => originOf(entry, 'write http://HOST:PORT, without a path'));
}

/** Parses origins of web pages. Rejects `*` and `null`, which would allow every web page. */
export function parseOrigins(text: string): string[] {
  return listOf(text).map((entry) =>
    originOf(entry, 'name each origin as https://HOST or http://HOST:PORT, without a path'),
  );
}

/** Parses host names to lower case: `name`, `*.suffix` or `*`. */
export function parseAllowedHosts(text: string): string[] {
  return listOf(text).map((entry) => {
    const name = entry.toLowerCase();
    if (name === '*' || isHostName(name.replace(/^\*\./, ''))) return name;
    throw refused(entry, 'a host name', 'write a name, *.suffix or *, without a scheme or a port');
  });
}

/** Parses etcd endpoints to distinct URLs; an endpoint without a scheme becomes `//host:port`. The message does not repeat credentials. */
export function parseEndpoints(text: string): string[] {
  const urls = listOf(text).map((entry) => {
    if (entry.includes('@')) {
      throw new GatewayError('invalid-request', {
        detail: 'an endpoint contains a user name or password',
        hint: 'write only the endpoint, such as https://host:2379; set --user for credentials',
      });
    }
    const { url } = parseEndpoint(entry);
    return entry.includes('://') ? url : url.replace('http:', '');
  });
  return [...new Set(urls)];
}

/** Parses a domain name to lower case without a final dot; `undefined` for an empty text. */
export function parseDomain(text: string): string | undefined {
  const name = text.trim().toLowerCase().replace(/\.$/, '');
  if (name === '') return undefined;
  if (isHostName(name)) return name;
  throw refused(text, 'a domain', 'write a name such as etcd.example.com');
}

/** Parses one label of a domain name; `undefined` for an empty text. */
export function parseServiceName(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  if (name === '') return undefined;
  if (isHostName(name) && !name.includes('.')) return name;
  throw refused(text, 'a service name', 'write letters, digits and hyphens');
}

/** Parses addresses of DNS servers in Node's format, with or without a port. */
export function parseDnsServers(text: string): string[] {
  return listOf(text).map((entry) => {
    const bare =
      /^\[(.+)\](?::\d{1,5})?$/.exec(entry)?.[1] ?? entry.replace(/(?<=\.\d+):\d{1,5}$/, '');
    if (isIPv4(bare) || isIPv6(bare)) return entry;
    throw refused(
      entry,
      'the address of a DNS server',
      'write 127.0.0.1, 127.0.0.1:53 or [::1]:53',
    );
  });
}

/** Parses a base URL. Returns it without a final slash, so that a path can be appended. */
export function parseBaseUrl(text: string): string {
  const url = httpUrl(text.trim());
  if (url?.search !== '' || url.hash !== '') {
    throw refused(text, 'a base URL', 'write https://HOST/PATH');
  }
  return url.href.replace(/\/+$/, '');
}

function listOf(text: string): string[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length <= LIST_ENTRIES_MAX) return entries;
  throw new GatewayError('invalid-request', {
    detail: `the list has ${entries.length} entries`,
    hint: `write at most ${LIST_ENTRIES_MAX}`,
  });
}

function originOf(text: string, hint: string): string {
  const url = httpUrl(text);
  if (url?.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw refused(text, 'an http or https origin', hint);
  }
  return url.origin;
}

function httpUrl(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || text.includes('@') || !URL.canParse(text)) return undefined;
  return new URL(text);
}

function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

function refused(text: string, what: string, hint: string): GatewayError {
  // The text before an @ may be a password.
  const shown = JSON.stringify(text.replace(/^.*@/s, '…@'));
  return new GatewayError('invalid-request', { detail: `${shown} is not ${what}`, hint });
}
