// Resolves the names of endpoints, with one query per name at a time, so a slow name server delays no other name. If a query fails, the
// last good result is used.
import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/** After this time the last good result is used, if there is one. Connecting has its own time limit. */

const RESPONSE_TIMEOUT_MS = 500;

export interface DnsClient {
  readonly lookup: LookupFunction;
  readonly resolveSrv: Resolver['resolveSrv'];
}

/** `servers`: DNS servers to use. Empty: the system's resolver, which includes the hosts file. */
export function createDnsClient(servers: readonly string[]): DnsClient {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  const resolve =
    servers.length > 0 ? (name: string) => resolveWithServers(resolver, name) : resolveWithSystem;
  const running = new Map<string, Promise<LookupAddress[]>>();
  const last = new Map<string, LookupAddress[]>();

  const find = (name: string): Promise<LookupAddress[]> => {
    const query =
      running.get(name) ??
      resolve(name)
        .then((addresses) => {
          last.set(name, addresses);
          return addresses;
        })
        .finally(() => running.delete(name));
    running.set(name, query);
    const known = last.get(name);
    return known === undefined ? query : withFallback(query, known);
  };

  return {
    lookup(name, options, found) {
      find(name).then(
        (addresses) => {
          const [first] = addresses;
          if (options.all === true) found(null, addresses);
          else found(null, first?.address ?? '', first?.family);
        },
        (error: unknown) => found(error as NodeJS.ErrnoException, []),
      );
    },
    resolveSrv: (name) => resolver.resolveSrv(name),
  };
}

/** Resolves with the result of the query if it arrives in time, else with the previous result. */
async function withFallback(
  query: Promise<LookupAddress[]>,
  known: LookupAddress[],
): Promise<LookupAddress[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<LookupAddress[]>((resolve) => {
    timer = setTimeout(() => resolve(known), RESPONSE_TIMEOUT_MS);
  });
  return Promise.race([query.catch(() => known), late]).finally(() => clearTimeout(timer));
}

function resolveWithSystem(name: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(name, { all: true, verbatim: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}

/** Queries A and AAAA records. The system resolves names that are never in DNS. */
async function resolveWithServers(resolver: Resolver, name: string): Promise<LookupAddress[]> {
  if (name === 'localhost' || isIP(name) !== 0) return resolveWithSystem(name);
  const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = [
    ...(ipv4.status === 'fulfilled' ? ipv4.value : []).map((address) => ({ address, family: 4 })),
    ...(ipv6.status === 'fulfilled' ? ipv6.value : []).map((address) => ({ address, family: 6 })),
  ];
  if (addresses.length === 0 && ipv4.status === 'rejected') throw ipv4.reason as Error;
  return addresses;
}
