// Flags and environment become one frozen Config, or the list of everything that is wrong with them.
// The only reader of the environment; what the settings are stands in config/settings.ts.
import { combinationProblems, exposureProblems } from './combinations.js';
import { effectiveText, helpText, versionText } from './help.js';
import { nearestName } from '../core/nearest-name.js';
import { problemText } from './setting.js';
import { SETTINGS } from './settings.js';
import type { Values, WrittenAs } from './settings.js';
import { readCommandLine, readSettings } from './sources.js';
import type { CommandLine } from './sources.js';
import type { DiscoverySettings } from '../etcd/endpoints/dns-discovery.js';
import type { LockLimits } from '../domain/contention/limits.js';
import type { LogLevel } from '../process/log.js';
import type { AuthMode, UserSetting } from './identity-values.js';
import type { Secret } from '../core/secret.js';
import type { TlsPaths } from '../files/tls-files.js';

export interface Config {
  /** `host` without brackets; port 0 = any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly allowAnonymous: boolean;
  /** Who callers are. */
  readonly auth: AuthMode;
  /** The etcd user as whom the gateway itself calls. */
  readonly user?: { readonly name: string; readonly password: Secret };
  /** The file of API tokens. */
  readonly tokensFile?: string;
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
  /** Where embedded etcd listens on TCP; undefined = a unix socket. */
  readonly etcdListen?: { readonly host: string; readonly port: number };
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
  /** Of the bodies of all requests together. */
  readonly bodyMemoryBytes: number;
  /** In progress at the same time, beside those that wait or stream. */
  readonly requestsMax: number;
  readonly eventLoopDelayMs: number;
  /** Requests a second of one caller. */
  readonly callerRate: number | undefined;
  readonly callerStreamsMax: number | undefined;
  readonly connectionsMax: number;
  /** Raw calls in progress at the same time; the usual number by default. */
  readonly rawCallsMax?: number;
  readonly drainSeconds: number;
  /** Event streams and holds open at the same time. */
  readonly streamsMax: number;
  readonly locks: LockLimits;
}

export type ConfigResult =
  | { readonly kind: 'run'; readonly config: Config }
  | { readonly kind: 'healthcheck'; readonly config: Config }
  /** `isToMake`: the token too, instead of reading it. */
  | { readonly kind: 'hash-token'; readonly isToMake: boolean }
  | { readonly kind: 'help' | 'version' | 'print-config'; readonly text: string }
  | { readonly kind: 'errors'; readonly problems: string[] };

const COMMANDS = ['healthcheck', 'hash-token'] as const;
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
  const lineProblems = [...line.problems, ...wordProblems, ...generateProblems(line, command)];
  // It needs no settings, so that none of them is in its way.
  if (command === 'hash-token') {
    return lineProblems.length > 0
      ? { kind: 'errors', problems: lineProblems }
      : { kind: command, isToMake: line.actions.has('generate') };
  }
  const { values, sources, problems: valueProblems } = readSettings(SETTINGS, line.flags, env);
  const writtenAs: WrittenAs = (name) => sources.get(name)?.writtenAs ?? name;
  const problems = [
    ...lineProblems,
    ...valueProblems,
    // The health check serves nobody.
    ...(command === 'healthcheck' ? [] : exposureProblems(values, writtenAs)),
    ...combinationProblems(values, writtenAs),
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

function generateProblems({ actions }: CommandLine, command: Command | undefined): string[] {
  if (!actions.has('generate') || command === 'hash-token') return [];
  return [
    problemText(
      '--generate',
      'only hash-token makes anything',
      'write latchkey hash-token --generate',
    ),
  ];
}

function createConfig(values: Values, path: string): Config {
  const {
    listen,
    allowAnonymous,
    advertiseUrls,
    allowedHosts,
    corsOrigins,
    auth = 'none',
  } = values;
  const { lockPrefix, electionPrefix, dnsServers, logLevel, dataDir, etcdDownloadUrl } = values;
  const { etcdBin, etcdListen, tokensFile, user, password, endpoints } = values;
  const etcdTls = pathsOf({ ca: values.cacert, cert: values.cert, key: values.key });
  const doorTls = pathsOf({ ca: values.tlsClientCa, cert: values.tlsCert, key: values.tlsKey });
  return deepFrozen({
    listen,
    allowAnonymous,
    advertiseUrls,
    allowedHosts,
    corsOrigins,
    auth,
    ...userOf(user, password),
    lockPrefix,
    electionPrefix,
    dnsServers,
    logLevel,
    dataDir,
    etcdDownloadUrl,
    ...(etcdListen !== undefined && { etcdListen }),
    endpoints: withScheme(endpoints, Object.keys(etcdTls).length > 0),
    etcdTls,
    ...discoveryOf(values),
    ...(doorTls.cert !== undefined && { doorTls }),
    path,
    ...pathsOf({ etcdBin, tokensFile }),
    limits: limitsOf(values),
  });
}

function limitsOf(values: Values): Limits {
  const { requestTimeoutSeconds, bodyLimitBytes, requestsMax, callerRate, callerStreamsMax } =
    values;
  const { connectionsMax, drainSeconds, streamsMax } = values;
  const { waitersPerLockMax, waitersMax, waitSecondsMax, ttlSecondsMax, metadataBytesMax } = values;
  return {
    requestTimeoutSeconds,
    connectTimeoutMs: values.connectTimeoutSeconds * 1_000,
    bodyLimitBytes,
    bodyMemoryBytes: values.bodyMemoryBytes,
    requestsMax,
    eventLoopDelayMs: values.eventLoopDelaySeconds * 1_000,
    callerRate,
    callerStreamsMax,
    connectionsMax,
    drainSeconds,
    streamsMax,
    locks: { waitersPerLockMax, waitersMax, waitSecondsMax, ttlSecondsMax, metadataBytesMax },
  };
}

function userOf(user: UserSetting | undefined, password: Secret | undefined): Pick<Config, 'user'> {
  const secret = user?.password ?? password;
  return user === undefined || secret === undefined
    ? {}
    : { user: { name: user.name, password: secret } };
}

function discoveryOf(values: Values): Pick<Config, 'discovery'> {
  const { discoverySrv, discoverySrvName, discoveryIntervalSeconds } = values;
  if (discoverySrv === undefined) return {};
  const intervalMs = discoveryIntervalSeconds * 1_000;
  return { discovery: { domain: discoverySrv, name: discoverySrvName, intervalMs } };
}

function pathsOf<Name extends string>(
  paths: Record<Name, string | undefined>,
): Partial<Record<Name, string>> {
  return Object.fromEntries(
    Object.entries(paths).filter(([, path]) => path !== undefined),
  ) as Partial<Record<Name, string>>;
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
