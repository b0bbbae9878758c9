// Converts flags and environment to one frozen Config, or to the list of all problems. The only reader of the environment.
// The table of settings is in settings.ts.
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
  /** `host` without brackets; port 0 = any free port. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly allowAnonymous: boolean;
  /** How clients are authenticated. */
  readonly auth: AuthMode;
  /** The etcd user of the gateway itself. */
  readonly user?: { readonly name: string; readonly password: Secret };
  /** The file of API tokens. */
  readonly tokensFile?: string;
  /** Origins (`http://gateway:8888`); empty = derived from `listen`, else from the request. */
  readonly advertiseUrls: readonly string[];
  /** Lower case: `name`, `*.suffix` or `*`. */
  readonly allowedHosts: readonly string[];
  /** Origins in the form that browsers send. */
  readonly corsOrigins: readonly string[];
  /** URLs; empty = run embedded etcd. */
  readonly endpoints: readonly string[];
  /** Both end with `/`, and neither begins with the other. */
  readonly lockPrefix: string;
  readonly electionPrefix: string;
  /** SRV discovery of the endpoints. */
  readonly discovery?: Omit<DiscoverySettings, 'isTlsOnly'>;
  /** Addresses; empty = the system's resolver. */
  readonly dnsServers: readonly string[];
  /** Files for TLS to etcd; empty = the system's authorities and no client certificate. */
  readonly etcdTls: TlsPaths;
  /** Files for TLS of the gateway's own server, `ca` for client certificates; undefined = plain HTTP. */
  readonly serverTls?: TlsPaths;
  readonly logLevel: LogLevel;
  readonly etcdBin?: string;
  /** As written; a relative path is relative to the working directory. */
  readonly dataDir: string;
  /** The TCP address of embedded etcd; undefined = a unix socket. */
  readonly etcdListen?: { readonly host: string; readonly port: number };
  /** Without a final slash. */
  readonly etcdDownloadUrl: string;
  /** The PATH for etcd and for system programs. */
  readonly path: string;
  readonly limits: Limits;
}

interface Limits {
  readonly requestTimeoutSeconds: number;
  readonly connectTimeoutMs: number;
  readonly bodyLimitBytes: number;
  /** For the bodies of all requests together. */
  readonly bodyMemoryBytes: number;
  /** Concurrent requests, without waits and streams. */
  readonly requestsMax: number;
  readonly eventLoopDelayMs: number;
  /** Requests per second of one client. */
  readonly callerRate: number | undefined;
  readonly callerStreamsMax: number | undefined;
  readonly connectionsMax: number;
  /** Concurrent requests of the raw v3 API; a fixed number by default. */
  readonly rawCallsMax?: number;
  readonly drainSeconds: number;
  /** Open event streams and holds. */
  readonly streamsMax: number;
  readonly locks: LockLimits;
}

export type ConfigResult =
  | { readonly kind: 'run'; readonly config: Config }
  | { readonly kind: 'healthcheck'; readonly config: Config }
  /** `generate`: creates the token instead of reading it. */
  | { readonly kind: 'hash-token'; readonly generate: boolean }
  | { readonly kind: 'help' | 'version' | 'print-config'; readonly text: string }
  | { readonly kind: 'errors'; readonly problems: string[] };

const COMMANDS = ['healthcheck', 'hash-token'] as const;
type Command = (typeof COMMANDS)[number];

/**
 * `argv` excludes the program's own name (`process.argv.slice(2)`). Does not throw for invalid input: each problem is one line that states
 * what is wrong and what to write instead. An empty value counts as not set.
 */
export function parseConfig(argv: readonly string[], env: NodeJS.ProcessEnv): ConfigResult {
  const line = readCommandLine(SETTINGS, argv);
  if (line.actions.has('help')) return { kind: 'help', text: helpText(SETTINGS) };
  if (line.actions.has('version')) return { kind: 'version', text: versionText() };

  const { command, problems: commandProblems } = readCommand(line.words);
  const lineProblems = [...line.problems, ...commandProblems, ...generateProblems(line, command)];
  // hash-token uses no settings, so invalid settings do not prevent it.
  if (command === 'hash-token') {
    return lineProblems.length > 0
      ? { kind: 'errors', problems: lineProblems }
      : { kind: command, generate: line.actions.has('generate') };
  }
  const { values, sources, problems: valueProblems } = readSettings(SETTINGS, line.flags, env);
  const writtenAs: WrittenAs = (name) => sources.get(name)?.writtenAs ?? name;
  const problems = [
    ...lineProblems,
    ...valueProblems,
    // The health check does not listen.
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
  const unknown = command === undefined ? words : rest;
  const problems = unknown.map((word) => {
    const near = nearestName(word, COMMANDS);
    const hint = near === undefined ? 'write values as --flag=value' : `did you mean ${near}?`;
    return problemText(word, 'unknown command', hint);
  });
  return command === undefined ? { problems } : { command, problems };
}

function generateProblems({ actions }: CommandLine, command: Command | undefined): string[] {
  if (!actions.has('generate') || command === 'hash-token') return [];
  return [
    problemText(
      '--generate',
      'only hash-token generates a token',
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
  const serverTls = pathsOf({ ca: values.tlsClientCa, cert: values.tlsCert, key: values.tlsKey });
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
    ...(serverTls.cert !== undefined && { serverTls }),
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

/** Adds a missing scheme as etcdctl does: https if any file for TLS is set. */
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
