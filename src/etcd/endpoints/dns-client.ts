// Looks up the names of endpoints: one question for a name at a time, so that a name server that hangs holds up nobody else, and the last
// good answer where there is none.
import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/** Then the last good answer has to do, where there is one; whoever connects has a limit of his own. */
const ANSWER_MS = 500;

export interface DnsClient {
  readonly lookup: LookupFunction;
  readonly resolveSrv: Resolver['resolveSrv'];
}

/** `servers`: to be asked instead of those of the system; empty for the system's resolver, its hosts file included. */
export function createDnsClient(servers: readonly string[]): DnsClient {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  const ask = servers.length > 0 ? (name: string) => askServers(resolver, name) : askSystem;
  const running = new Map<string, Promise<LookupAddress[]>>();
  const last = new Map<string, LookupAddress[]>();

  const find = (name: string): Promise<LookupAddress[]> => {
    const asked =
      running.get(name) ??
      ask(name)
        .then((addresses) => {
          last.set(name, addresses);
          return addresses;
        })
        .finally(() => running.delete(name));
    running.set(name, asked);
    const known = last.get(name);
    return known === undefined ? asked : within(asked, known);
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

/** The answer that comes in time, else what was known before. */
async function within(
  asked: Promise<LookupAddress[]>,
  known: LookupAddress[],
): Promise<LookupAddress[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<LookupAddress[]>((resolve) => {
    timer = setTimeout(() => resolve(known), ANSWER_MS);
  });
  return Promise.race([asked.catch(() => known), late]).finally(() => clearTimeout(timer));
}

function askSystem(name: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(name, { all: true, verbatim: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}

/** A and AAAA records. What never is in DNS goes to the system. */
async function askServers(resolver: Resolver, name: string): Promise<LookupAddress[]> {
  if (name === 'localhost' || isIP(name) !== 0) return askSystem(name);
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = [
    ...(four.status === 'fulfilled' ? four.value : []).map((address) => ({ address, family: 4 })),
    ...(six.status === 'fulfilled' ? six.value : []).map((address) => ({ address, family: 6 })),
  ];
  if (addresses.length === 0 && four.status === 'rejected') throw four.reason as Error;
  return addresses;
}
