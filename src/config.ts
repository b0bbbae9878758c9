// Flags and environment become one frozen Config, or the list of everything that is wrong with them.
// The only reader of the environment; what the settings are stands in config/settings.ts.
import { isLoopback } from './config/address.js';
import { effectiveText, helpText, versionText } from './config/help.js';
import { nearestName } from './nearest-name.js';
import { problemText } from './config/setting.js';
import type { ValuesOf } from './config/setting.js';
import { SETTINGS } from './config/settings.js';
import { readCommandLine, readSettings } from './config/sources.js';
import { isInside } from './config/values.js';
import type { DiscoverySettings } from './etcd/endpoints/discovery.js';
import type { LockLimits } from './domain/locks/limits.js';
import type { LogLevel } from './log.js';
import type { TlsPaths } from './tls-files.js';

export interface Config {
  /** `host` without brackets; port 0 = any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly allowAnonymous: boolean;
  /** Origins (`http://gateway:8888`); empty = from listen, else from the request. */
  readonly advertiseUrls: readonly string[];
  /** Lower case: `name`, `*.suffix` or `*`. */
  readonly allowedHosts: readonly string[];
  /** Origins in the form that browsers send. */
  readonly corsOrigins: readonly string[];
  /** URLs; empty = run embedded etcd. */
  readonly endpoints: readonly string[];
  /** Ends with `/`; neither inside the other. */
  readonly lockPrefix: string;
  readonly electionPrefix: string;
  /** Where DNS names the endpoints. */
  readonly discovery?: Omit<DiscoverySettings, 'isTlsOnly'>;
  /** Addresses; empty = the system's resolver. */
  readonly dnsServers: readonly string[];
  /** Files for TLS to etcd; none of them for the system's authorities and no certificate. */
  readonly etcdTls: TlsPaths;
  /** Files for TLS at the gateway's own door, `ca` for callers' certificates; undefined = plain HTTP. */
  readonly doorTls?: TlsPaths;
  readonly logLevel: LogLevel;
  readonly etcdBin?: string;
  /** As it was written: relative to the working directory unless absolute. */
  readonly dataDir: string;
  /** Without a slash at the end. */
  readonly etcdDownloadUrl: string;
  /** The PATH on which etcd and the system's programs are looked for. */
  readonly path: string;
  readonly limits: Limits;
}

interface Limits {
  readonly requestTimeoutSeconds: number;
  readonly connectTimeoutMs: number;
  readonly bodyLimitBytes: number;
  /** In progress at the same time, beside those that wait or stream. */
  readonly requestsMax: number;
  readonly eventLoopDelayMs: number;
  /** Requests a second of one caller. */
  readonly callerRate: number | undefined;
  readonly callerStreamsMax: number | undefined;
  readonly connectionsMax: number;
  readonly drainSeconds: number;
  /** Event streams and holds open at the same time. */
  readonly streamsMax: number;
  readonly locks: LockLimits;
}

export type ConfigResult =
  | { readonly kind: 'run'; readonly config: Config }
  | { readonly kind: 'healthcheck'; readonly config: Config }
  | { readonly kind: 'help' | 'version' | 'print-config'; readonly text: string }
  | { readonly kind: 'errors'; readonly problems: string[] };

type Values = ValuesOf<typeof SETTINGS>;
/** The flag or variable in which the user wrote a setting. */
type WrittenAs = (name: keyof Values) => string;

const COMMANDS = ['healthcheck'] as const;
type Command = (typeof COMMANDS)[number];

/**
 * `argv` is without the program's own name (`process.argv.slice(2)`). Never throws for a mistake of the user's: each becomes one line of
 * `problems`, which names what he wrote and what to write instead. An empty value counts as not set.
 */
export function parseConfig(argv: readonly string[], env: NodeJS.ProcessEnv): ConfigResult {
  const line = readCommandLine(SETTINGS, argv);
  if (line.actions.has('help')) return { kind: 'help', text: helpText(SETTINGS) };
  if (line.actions.has('version')) return { kind: 'version', text: versionText() };

  const { command, problems: wordProblems } = readCommand(line.words);
  const { values, sources, problems: valueProblems } = readSettings(SETTINGS, line.flags, env);
  const writtenAs: WrittenAs = (name) => sources.get(name)?.writtenAs ?? name;
  const problems = [
    ...line.problems,
    ...wordProblems,
    ...valueProblems,
    // The health check serves nobody.
    ...(command === 'healthcheck' ? [] : exposureProblems(values, writtenAs)),
    ...prefixProblems(values, writtenAs),
    ...accessProblems(values),
  ];
  if (problems.length > 0) return { kind: 'errors', problems };
  if (line.actions.has('print-config')) {
    return { kind: 'print-config', text: effectiveText(SETTINGS, sources) };
  }
  return { kind: command ?? 'run', config: createConfig(values as Values, env.PATH ?? '') };
}

function readCommand(words: readonly string[]): { command?: Command; problems: string[] } {
  const [first, ...rest] = words;
  const command = COMMANDS.find((name) => name === first);
  const strangers = command === undefined ? words : rest;
  const problems = strangers.map((word) => {
    const near = nearestName(word, COMMANDS);
    const hint =
      near === undefined ? 'values belong to a flag, as in --flag=value' : `did you mean ${near}?`;
    return problemText(word, 'there is no such command', hint);
  });
  return command === undefined ? { problems } : { command, problems };
}

function exposureProblems(
  { listen, allowAnonymous, tlsClientCa }: Partial<Values>,
  writtenAs: WrittenAs,
): string[] {
  if (listen === undefined || isLoopback(listen.host) || allowAnonymous !== false) return [];
  if (tlsClientCa !== undefined) return [];
  return [
    problemText(
      writtenAs('listen'),
      `${listen.host} is not a loopback address, and without authentication whoever reaches it may read and write every key`,
      'listen on 127.0.0.1, ask for client certificates (--tls-client-ca), or say --allow-anonymous (LATCHKEY_ALLOW_ANONYMOUS=true) if only trusted machines reach it',
    ),
  ];
}

const TLS_PAIRS = [
  ['cert', 'key'],
  ['tlsCert', 'tlsKey'],
] as const;

function accessProblems(values: Partial<Values>): string[] {
  const problems = TLS_PAIRS.filter(
    ([cert, key]) => (values[cert] === undefined) !== (values[key] === undefined),
  ).map(([cert, key]) =>
    problemText(
      `--${SETTINGS[cert].flag}`,
      `it goes with --${SETTINGS[key].flag}, and only one of them is set`,
      'set both',
    ),
  );
  if (values.discoverySrv !== undefined && (values.endpoints ?? []).length > 0) {
    problems.push(
      problemText('--discovery-srv', 'endpoints are set too', 'set only one of --endpoints and it'),
    );
  }
  if (values.tlsClientCa === undefined || values.tlsCert !== undefined) return problems;
  const detail = 'client certificates need TLS';
  return [...problems, problemText('--tls-client-ca', detail, 'set --tls-cert and --tls-key too')];
}

function prefixProblems(
  { lockPrefix, electionPrefix }: Partial<Values>,
  writtenAs: WrittenAs,
): string[] {
  if (lockPrefix === undefined || electionPrefix === undefined) return [];
  if (!isInside(lockPrefix, electionPrefix) && !isInside(electionPrefix, lockPrefix)) return [];
  return [
    problemText(
      writtenAs('lockPrefix'),
      `${JSON.stringify(lockPrefix)} and ${writtenAs('electionPrefix')} ${JSON.stringify(electionPrefix)} lie one inside the other`,
      'write two prefixes of which neither begins with the other, such as locks/ and elections/',
    ),
  ];
}

function createConfig(values: Values, path: string): Config {
  const {
    etcdBin,
    requestTimeoutSeconds,
    connectTimeoutSeconds,
    bodyLimitBytes,
    requestsMax,
    eventLoopDelaySeconds,
    callerRate,
    callerStreamsMax,
    connectionsMax,
    drainSeconds,
    streamsMax,
    waitersPerLockMax,
    waitersMax,
    waitSecondsMax,
    ttlSecondsMax,
    metadataBytesMax,
    endpoints,
    cacert,
    cert,
    key,
    tlsCert,
    tlsKey,
    tlsClientCa,
    discoverySrv,
    discoverySrvName,
    discoveryIntervalSeconds,
    ...rest
  } = values;
  const etcdTls = pathsOf({ ca: cacert, cert, key });
  const doorTls = pathsOf({ ca: tlsClientCa, cert: tlsCert, key: tlsKey });
  const limits: Limits = {
    requestTimeoutSeconds,
    connectTimeoutMs: connectTimeoutSeconds * 1_000,
    bodyLimitBytes,
    requestsMax,
    eventLoopDelayMs: eventLoopDelaySeconds * 1_000,
    callerRate,
    callerStreamsMax,
    connectionsMax,
    drainSeconds,
    streamsMax,
    locks: { waitersPerLockMax, waitersMax, waitSecondsMax, ttlSecondsMax, metadataBytesMax },
  };
  return deepFrozen({
    ...rest,
    endpoints: withScheme(endpoints, Object.keys(etcdTls).length > 0),
    etcdTls,
    ...discoveryOf({ discoverySrv, discoverySrvName, discoveryIntervalSeconds }),
    ...(doorTls.cert !== undefined && { doorTls }),
    path,
    ...(etcdBin === undefined ? {} : { etcdBin }),
    limits,
  });
}

function discoveryOf({
  discoverySrv,
  discoverySrvName,
  discoveryIntervalSeconds,
}: Pick<Values, 'discoverySrv' | 'discoverySrvName' | 'discoveryIntervalSeconds'>): Pick<
  Config,
  'discovery'
> {
  if (discoverySrv === undefined) return {};
  const intervalMs = discoveryIntervalSeconds * 1_000;
  return { discovery: { domain: discoverySrv, name: discoverySrvName, intervalMs } };
}

function pathsOf(paths: Record<keyof TlsPaths, string | undefined>): TlsPaths {
  return Object.fromEntries(
    Object.entries(paths).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** As etcdctl takes them: an endpoint without a scheme is one with TLS where there is anything for TLS. */
function withScheme(endpoints: readonly string[], isSecure: boolean): string[] {
  const scheme = isSecure ? 'https' : 'http';
  return [...new Set(endpoints.map((each) => each.replace(/^\/\//, `${scheme}://`)))];
}

function deepFrozen<T extends object>(value: T): T {
  for (const member of Object.values(value) as unknown[]) {
    if (typeof member === 'object' && member !== null) deepFrozen(member);
  }
  return Object.freeze(value);
}
