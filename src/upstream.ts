// All that speaks to etcd, wired once: the endpoints and who looks after them, the connections to them, who calls are made as, and the two
// clients on top. What happens to endpoints goes to the log from here.
import type { UserLogin } from './core/caller.js';
import type { Config } from './config/config.js';
import { CallAuthenticator, authenticationIsOff } from './etcd/auth/call-authenticator.js';
import { createAuthenticate } from './etcd/auth/authenticate.js';
import { AuthenticationState } from './etcd/auth/authentication-state.js';
import { AlarmRights } from './domain/rights/etcd-users/alarm-rights.js';
import { withTransactionRights } from './domain/rights/etcd-users/transaction-rights.js';
import { CredentialVerifier } from './etcd/auth/credential-verifier.js';
import { withWatchRights } from './domain/rights/etcd-users/watch-rights.js';
import { KeyRights } from './domain/rights/api-tokens/key-rights.js';
import { withScopedWatches, withScopes } from './domain/rights/api-tokens/scoped-client.js';
import { withUserLeaseRights } from './domain/rights/etcd-users/lease-rights.js';
import { readRevision } from './domain/cluster.js';
import { withNewestRevision } from './domain/future-revision.js';
import type { CallMeter } from './etcd/calls/meter.js';
import { createEtcdClient } from './etcd/client.js';
import type { EtcdClient } from './etcd/client.js';
import { createNameService } from './etcd/endpoints/addresses.js';
import type { NameService } from './etcd/endpoints/addresses.js';
import { createConnector } from './etcd/transport/connection.js';
import type { Connector } from './etcd/transport/connection.js';
import { Discovery } from './etcd/endpoints/discovery.js';
import { EndpointProber } from './etcd/endpoints/prober.js';
import type { FirstResult, Reachability } from './etcd/endpoints/prober.js';
import { EndpointPool } from './etcd/endpoints/pool.js';
import type { EndpointEvent } from './etcd/endpoints/pool.js';
import { newInstanceId } from './etcd/endpoints/gateway-loop.js';
import { RevisionLine } from './etcd/revision-line.js';
import { withLanes } from './etcd/transport/lanes.js';
import { createTransport } from './etcd/transport/transport.js';
import type { Transport } from './etcd/transport/transport.js';
import { isProgressOrdered } from './etcd/version.js';
import { createWatchClient } from './etcd/watch/client.js';
import type { WatchClient } from './etcd/watch/client.js';
import { withRevisionLine } from './etcd/watch/line-watches.js';
import type { Log } from './process/log.js';
import { warnAboutVersions } from './process/version-warnings.js';
import { TlsFiles } from './files/tls-files.js';

/** Connections to each etcd endpoint, by lane; further calls of that lane wait for one. */
export const SOCKETS_MAX = {
  requests: 256,
  waits: 64,
  upkeep: 64,
  probes: 2,
  tokens: 64,
  passwords: 64,
} as const;
const IDLE_SOCKETS_MAX = 64;
/** The largest answer of etcd that is read into memory: one chunk of a list, at most 32 values of 1.5 MiB in base64. */
const ANSWER_BYTES_MAX = 96 * 1024 * 1024;
/** Of the read that looks for a reset of the store. */
const REVISION_READ_MS = 2_000;

export interface Upstream {
  readonly pool: EndpointPool;
  readonly connector: Connector;
  readonly etcd: EtcdClient;
  readonly credentialVerifier: CredentialVerifier;
  readonly watches: WatchClient;
  /** Counts the resets of the store, for whatever is remembered by revision. */
  readonly line: RevisionLine;
  /** Marks what this process asks of its endpoints, so that it recognises its own questions. */
  readonly instanceId: string;
  /** Whether all members are new enough for their progress answers to be relied on. */
  readonly isProgressOrdered: () => boolean;
  readonly alarmRights: AlarmRights;
  /** Probes every endpoint, and monitors them from then on. Returns every endpoint with the result of its first probe. */
  start(): Promise<readonly FirstResult[]>;
  /** How many members answer, by themselves and without a quorum. Resolves within `timeoutMs`. */
  readonly countReachable: (timeoutMs: number) => Promise<Reachability>;
  close(): void;
}

export interface UpstreamDeps {
  readonly config: Config;
  /** URLs. */
  readonly endpoints: readonly string[];
  readonly meter: CallMeter;
  readonly log: Log;
  /** The part of the usual connections that the process may have: 1 unless its open files are few. */
  readonly laneShare?: number;
}

export function createUpstream({
  config,
  endpoints,
  meter,
  log,
  laneShare = 1,
}: UpstreamDeps): Upstream {
  const instanceId = newInstanceId();
  const pool = new EndpointPool(endpoints, { needsProof: true });
  const tls = openEtcdTls(config, log, () => transport.retire());
  const names = createNameService(config.dnsServers);
  const connector = createConnector({
    lookup: names.lookup,
    connectTimeoutMs: config.limits.connectTimeoutMs,
    secureContext: () => tls?.context,
  });
  const transport = createLanes(connector, laneShare);
  const prober = new EndpointProber({ pool, transport, instanceId });
  const discovery = createDiscovery(config, pool, names, log);
  const state = createAuthenticationState(config, log);
  const authenticate = state.observe(createAuthenticate(transport));
  const authenticator = new CallAuthenticator({ authenticate, ownLogin: ownLogin(config) });
  const line = createLine(log);
  const parts = { pool, transport, authenticator, meter, log, line };
  const { etcd, watches, alarmRights } = createClients(config, parts);
  warnAboutVersions({ pool, prober, log, hasUsers: config.auth === 'etcd' });
  pool.subscribe((event) => {
    // Each kept connection to it may be as dead as the one that failed.
    if (event.kind === 'ejected') transport.retire(event.endpoint);
    logEvent(log, event);
  });
  return {
    pool,
    connector,
    etcd,
    credentialVerifier: new CredentialVerifier({ pool, authenticator, transport, state }),
    watches,
    line,
    instanceId,
    isProgressOrdered: () => areOrdered(prober.versions),
    alarmRights,
    async start() {
      await discovery?.start();
      return prober.start();
    },
    countReachable: (timeoutMs) => prober.countReachable(timeoutMs),
    close() {
      discovery?.stop();
      prober.stop();
      tls?.close();
      watches.close();
      transport.close();
    },
  };
}

function createAuthenticationState({ auth }: Config, log: Log): AuthenticationState {
  return new AuthenticationState((isOff) => {
    // In the other modes etcd needs no authentication.
    if (auth !== 'etcd') return;
    if (!isOff) log.info('authentication of etcd is enabled again');
    else log.warn({ hint: authenticationIsOff().hint }, 'authentication of etcd is not enabled');
  });
}

function createLine(log: Log): RevisionLine {
  const line = new RevisionLine();
  const consequence = 'watches end, and what was remembered by revision is dropped';
  line.subscribe((reset) =>
    log.warn(reset, `etcd was restored from a backup or emptied: ${consequence}`),
  );
  return line;
}

function createLanes(connector: Connector, laneShare: number): Transport {
  const lane = (socketsUsual: number): Transport => {
    const socketsMax = Math.max(1, Math.floor(socketsUsual * laneShare));
    const limits = {
      socketsMax,
      idleSocketsMax: IDLE_SOCKETS_MAX,
      answerBytesMax: ANSWER_BYTES_MAX,
    };
    return createTransport(limits, connector);
  };
  return withLanes({
    requests: lane(SOCKETS_MAX.requests),
    waits: lane(SOCKETS_MAX.waits),
    upkeep: lane(SOCKETS_MAX.upkeep),
    probes: lane(SOCKETS_MAX.probes),
    tokens: lane(SOCKETS_MAX.tokens),
    passwords: lane(SOCKETS_MAX.passwords),
  });
}

interface ClientDeps extends Pick<UpstreamDeps, 'meter' | 'log'> {
  readonly pool: EndpointPool;
  readonly transport: Transport;
  readonly authenticator: CallAuthenticator;
  readonly line: RevisionLine;
}

/** Nobody gets a client without what enforces the rights of callers. */
function createClients(
  config: Config,
  { log, ...deps }: ClientDeps,
): Pick<Upstream, 'etcd' | 'watches' | 'alarmRights'> {
  const bare = createEtcdClient({
    ...deps,
    onUnrecognised: (message, rpc) =>
      log.warn({ path: rpc.path, message }, 'an error of etcd that no table knows'),
  });
  const alarmRights = new AlarmRights(bare);
  const etcd = withTransactionRights(bare, alarmRights);
  const followed = withRevisionLine(createWatchClient(deps), {
    line: deps.line,
    readRevision(identity) {
      const signal = AbortSignal.timeout(REVISION_READ_MS);
      const deadline = performance.now() + REVISION_READ_MS;
      return readRevision({ identity, signal, deadline }, { etcd: bare });
    },
  });
  const watches = withWatchRights(followed, etcd);
  const rights = new KeyRights(config);
  return {
    etcd: withNewestRevision(withUserLeaseRights(withScopes(etcd, rights), alarmRights)),
    watches: withScopedWatches(watches, rights),
    alarmRights,
  };
}

function areOrdered(versions: readonly string[]): boolean {
  return versions.length > 0 && versions.every((version) => isProgressOrdered(version));
}

function ownLogin({ user }: Config): UserLogin | undefined {
  if (user === undefined) return undefined;
  return { kind: 'user', key: 'gateway', ...user };
}

function createDiscovery(
  { discovery, etcdTls, user, auth }: Config,
  pool: EndpointPool,
  { resolveSrv }: NameService,
  log: Log,
): Discovery | undefined {
  if (discovery === undefined) return undefined;
  // Whoever names an authority or shows a certificate does not want to talk in the open, and passwords never do.
  const isTlsOnly = Object.keys(etcdTls).length > 0 || user !== undefined || auth === 'etcd';
  return new Discovery(
    { ...discovery, isTlsOnly },
    { pool, resolveSrv, onProblem: (reason) => log.warn({ reason }, 'discovery failed') },
  );
}

/** Throws when the files cannot be used. New ones count for new connections, and connections that are kept are not kept any longer. */
function openEtcdTls({ etcdTls }: Config, log: Log, onChange: () => void): TlsFiles | undefined {
  if (Object.keys(etcdTls).length === 0) return undefined;
  return new TlsFiles(etcdTls, {
    onChange() {
      onChange();
      log.info('certificates for etcd were read again');
    },
    onProblem: (reason) => log.error({ reason }, 'the new certificates for etcd are of no use'),
  });
}

function logEvent(log: Log, event: EndpointEvent): void {
  if (event.kind === 'all-down' || event.kind === 'suspected') return;
  const endpoint = event.endpoint.url;
  switch (event.kind) {
    case 'refused': {
      const { message, hint, cause } = event.problem;
      log.error({ endpoint, reason: message, cause: causeText(cause), hint }, 'endpoint refused');
      return;
    }
    case 'ejected':
      log.warn({ endpoint, reason: event.problem?.message }, 'endpoint ejected');
      return;
    case 'proven':
      log.debug({ endpoint }, 'endpoint proven');
      return;
    case 'listed':
    case 'dropped':
    case 'returned':
      log.info({ endpoint }, `endpoint ${event.kind}`);
  }
}

function causeText(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}
