// The settings of `npm run cluster`: only flags, with all problems reported at once.
import { parseArgs } from 'node:util';
import { OFFICIAL_BASE_URL } from '../../embedded/release.js';
import { messageOf } from '../../core/errors.js';

const MEMBERS = 3;

const PORT_MAX = 65_535;
const DEFAULTS = {
  'client-ports': '2379,2389,2399',
  'peer-ports': '2380,2390,2400',
  listen: '127.0.0.1:8888',
  'data-dir': '.latchkey/cluster',
  'cache-dir': '.latchkey/cache',
  'etcd-download-url': OFFICIAL_BASE_URL,
};

export interface ClusterSettings {
  readonly clientPorts: readonly number[];
  readonly peerPorts: readonly number[];
  /** Address and port of the gateway, passed to it unchanged. */
  readonly listen: string;
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly etcdBin: string | undefined;
  readonly etcdDownloadUrl: string;
  /** Further flags for the gateway: the arguments after `--`. */
  readonly gatewayArgs: readonly string[];
}

export type ClusterSettingsResult =
  | { readonly kind: 'run'; readonly settings: ClusterSettings }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'errors'; readonly problems: readonly string[] };

const CLUSTER_HELP = `Three etcd members and the gateway, as plain processes on this machine. Ctrl-C stops all of them.
The members have no authentication: any web page open on this machine can write to them while they run.

usage: npm run cluster -- [flags] [-- flags of the gateway]
  --client-ports A,B,C     client ports of the members on 127.0.0.1 (${DEFAULTS['client-ports']})
  --peer-ports A,B,C       peer ports of the members on 127.0.0.1 (${DEFAULTS['peer-ports']})
  --listen HOST:PORT       address and port of the gateway (${DEFAULTS.listen})
  --data-dir DIR           folder for the members' data and all logs (${DEFAULTS['data-dir']})
  --cache-dir DIR          folder for a downloaded etcd (${DEFAULTS['cache-dir']})
  --etcd-bin FILE          etcd program (default: found, else downloaded)
  --etcd-download-url URL  base URL of etcd's release archives (${DEFAULTS['etcd-download-url']})
  --help                   print this help`;

export function parseClusterSettings(argv: readonly string[]): ClusterSettingsResult {
  const separator = argv.indexOf('--');
  const own = separator === -1 ? argv : argv.slice(0, separator);
  const gatewayArgs = separator === -1 ? [] : argv.slice(separator + 1);
  let flags: Record<string, string | boolean | undefined>;
  try {
    flags = readFlags(own);
  } catch (error) {
    return { kind: 'errors', problems: [messageOf(error)] };
  }
  if (flags.help === true) return { kind: 'help', text: CLUSTER_HELP };
  const text = (name: keyof typeof DEFAULTS): string => String(flags[name] ?? DEFAULTS[name]);
  const problems: string[] = [];
  const clientPorts = readPorts('--client-ports', text('client-ports'), problems);
  const peerPorts = readPorts('--peer-ports', text('peer-ports'), problems);
  const all = [...clientPorts, ...peerPorts];
  if (new Set(all).size < all.length)
    problems.push('--client-ports and --peer-ports: a port is used twice');
  if (!/:\d+$/.test(text('listen')))
    problems.push(`--listen: '${text('listen')}' is not HOST:PORT`);
  if (problems.length > 0) return { kind: 'errors', problems };
  return {
    kind: 'run',
    settings: {
      clientPorts,
      peerPorts,
      listen: text('listen'),
      dataDir: text('data-dir'),
      cacheDir: text('cache-dir'),
      etcdBin: typeof flags['etcd-bin'] === 'string' ? flags['etcd-bin'] : undefined,
      etcdDownloadUrl: text('etcd-download-url'),
      gatewayArgs,
    },
  };
}

function readFlags(argv: readonly string[]): Record<string, string | boolean | undefined> {
  const named = Object.keys(DEFAULTS).map((name) => [name, { type: 'string' as const }]);
  const options = {
    ...(Object.fromEntries(named) as Record<string, { type: 'string' }>),
    'etcd-bin': { type: 'string' as const },
    help: { type: 'boolean' as const },
  };
  return parseArgs({ args: [...argv], options, allowPositionals: false, strict: true }).values;
}

function readPorts(flag: string, text: string, problems: string[]): number[] {
  const ports = text.split(',').map((part) => (/^\d{1,5}$/.test(part.trim()) ? Number(part) : 0));
  const areValid = ports.length === MEMBERS && ports.every((port) => port > 0 && port <= PORT_MAX);
  if (!areValid) problems.push(`${flag}: '${text}' is not ${MEMBERS} ports from 1 to ${PORT_MAX}`);
  return areValid ? ports : [];
}
