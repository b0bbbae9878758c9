// Wires everything that talks to etcd, once: the endpoints and their monitoring, the connections, the authentication of calls, and the client
// stacks (createClients), which list every decorator of the etcd client and of the watch client.
import type { Identity, UserLogin } from './core/caller.js';
import type { Config } from './config/config.js';
import { CallAuthenticator } from './etcd/auth/call-authenticator.js';
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
import { hideV2InternalKeys } from './domain/keys/hidden-v2-keys.js';
import { withBatching } from './etcd/batching/batching.js';
import type { CallMetrics } from './etcd/calls/call-metrics.js';
import { createEtcdClient } from './etcd/client.js';
import type { EtcdClient } from './etcd/client.js';
import { createDnsClient } from './etcd/endpoints/dns-client.js';
import type { DnsClient } from './etcd/endpoints/dns-client.js';
import { createConnector } from './etcd/transport/connection.js';
import type { Connector } from './etcd/transport/connection.js';
import { DnsDiscovery } from './etcd/endpoints/dns-discovery.js';
import { EndpointProber } from './etcd/endpoints/prober.js';
import type { FirstProbe, Reachability } from './etcd/endpoints/prober.js';
import { EndpointPool } from './etcd/endpoints/pool.js';
import { newInstanceId } from './etcd/endpoints/loop-detection.js';
import { RevisionMonitor } from './etcd/revision-monitor.js';
import { withTrafficClasses } from './etcd/transport/traffic-classes.js';
import { createTransport } from './etcd/transport/transport.js';
import type { Transport } from './etcd/transport/transport.js';
import { isProgressOrdered } from './etcd/version.js';
import { createWatchClient } from './etcd/watch/client.js';
import type { WatchClient } from './etcd/watch/client.js';
import { WATCH_PATH } from './etcd/watch/connection.js';
import { withResetDetection } from './etcd/watch/reset-detection.js';
import {
  logAuthenticationState,
  logEndpointEvent,
  logStoreReset,
  logUnrecognizedError,
} from './process/etcd-log.js';
import type { Log } from './process/log.js';
import { warnAboutVersions } from './process/version-warnings.js';
import { TlsFiles } from './files/tls-files.js';

/** Connections to each etcd endpoint, by traffic class. Further calls of that class wait for one. */
export const SOCKETS_MAX = {
  requests: 256,
  waits: 64,
  renewals: 64,
  probes: 2,
  tokens: 64,
  passwords: 64,
} as const;
const IDLE_SOCKETS_MAX = 64;
/** The largest response of etcd that is read into memory: one chunk of a list, at most 32 values of 1.5 MiB in base64. */
const RESPONSE_BYTES_MAX = 96 * 1024 * 1024;
/** Deadline of the read that detects a reset of the store. */
const REVISION_READ_MS = 2_000;

export interface Upstream {
  readonly pool: EndpointPool;
  readonly connector: Connector;
  readonly etcd: EtcdClient;
  /** For the key and transaction APIs: `etcd` with batching and without the markers of v2 directories. */
  readonly keyClient: EtcdClient;
  readonly credentialVerifier: CredentialVerifier;
  readonly watches: WatchClient;
  /** Counts the resets of the store, because revisions from before a reset are not comparable. */
  readonly revisionMonitor: RevisionMonitor;
  /** Marks requests of this process, so that it recognizes an endpoint that leads back to itself. */
  readonly instanceId: string;
  /** Whether all members are new enough to order progress responses after the events that they cover. */
  readonly isProgressOrdered: () => boolean;
  readonly alarmRights: AlarmRights;
  /** Probes every endpoint and monitors it from then on. Resolves with the result of the first probe of each. */
  start(): Promise<readonly FirstProbe[]>;
  /** Counts the members that respond, without a quorum. Resolves within `timeoutMs`. */
  readonly countReachable: (timeoutMs: number) => Promise<Reachability>;
  close(): void;
}

export interface UpstreamDeps {
  readonly config: Config;
  /** URLs. Empty with discovery. */
  readonly endpoints: readonly string[];
  readonly callMetrics: CallMetrics;
  readonly log: Log;
  /** The share of `SOCKETS_MAX` that the process may use: above 0, below 1 if the limit of open files is low. */
  readonly socketShare?: number;
}

export function createUpstream({
  config,
  endpoints,
  callMetrics,
  log,
  socketShare = 1,
}: UpstreamDeps): Upstream {
  const instanceId = newInstanceId();
  const pool = new EndpointPool(endpoints, { requiresVerification: true });
  const tls = openEtcdTls(config, log, () => transport.retire());
  const names = createDnsClient(config.dnsServers);
  const connector = createConnector({
    lookup: names.lookup,
    connectTimeoutMs: config.limits.connectTimeoutMs,
    secureContext: () => tls?.context,
  });
  const transport = createTransports(connector, socketShare);
  const prober = new EndpointProber({ pool, transport, instanceId });
  const discovery = createDiscovery(config, pool, names, log);
  const state = new AuthenticationState((isOff) => {
    if (config.auth === 'etcd') logAuthenticationState(log, isOff);
  });
  const authenticate = state.observe(createAuthenticate(transport));
  const authenticator = new CallAuthenticator({ authenticate, ownLogin: ownLogin(config) });
  const revisionMonitor = new RevisionMonitor();
  revisionMonitor.subscribe((reset) => logStoreReset(log, reset));
  const shared = { pool, transport, authenticator };
  const clients = createClients(config, { ...shared, callMetrics, log, revisionMonitor });
  warnAboutVersions({ pool, prober, log, hasUsers: config.auth === 'etcd' });
  pool.subscribe((event) => {
    // Other connections to this endpoint may have failed as well.
    if (event.kind === 'ejected') transport.retire(event.endpoint);
    logEndpointEvent(log, event);
  });
  return {
    pool,
    connector,
    ...clients,
    credentialVerifier: new CredentialVerifier({ ...shared, state }),
    revisionMonitor,
    instanceId,
    isProgressOrdered: () => areOrdered(prober.versions),
    async start() {
      await discovery?.start();
      return prober.start();
    },
    countReachable: (timeoutMs) => prober.countReachable(timeoutMs),
    close() {
      discovery?.stop();
      prober.stop();
      tls?.close();
      clients.watches.close();
      transport.close();
    },
  };
}

function createTransports(connector: Connector, socketShare: number): Transport {
  const transportWith = (socketsUsual: number): Transport => {
    const socketsMax = Math.max(1, Math.floor(socketsUsual * socketShare));
    const limits = {
      socketsMax,
      idleSocketsMax: IDLE_SOCKETS_MAX,
      responseBytesMax: RESPONSE_BYTES_MAX,
    };
    return createTransport(limits, connector);
  };
  return withTrafficClasses({
    requests: transportWith(SOCKETS_MAX.requests),
    waits: transportWith(SOCKETS_MAX.waits),
    renewals: transportWith(SOCKETS_MAX.renewals),
    probes: transportWith(SOCKETS_MAX.probes),
    tokens: transportWith(SOCKETS_MAX.tokens),
    passwords: transportWith(SOCKETS_MAX.passwords),
  });
}

interface ClientDeps extends Pick<UpstreamDeps, 'callMetrics' | 'log'> {
  readonly pool: EndpointPool;
  readonly transport: Transport;
  readonly authenticator: CallAuthenticator;
  readonly revisionMonitor: RevisionMonitor;
}

type Clients = Pick<Upstream, 'etcd' | 'keyClient' | 'watches' | 'alarmRights'>;

/** The client stacks, bottom-up: each line adds one decorator. Every client that the APIs receive enforces rights. */
function createClients(config: Config, { log, ...deps }: ClientDeps): Clients {
  // One typed method per RPC. Authenticates each call, fails over between the endpoints, and repeats what is safe to repeat.
  const base = createEtcdClient({
    ...deps,
    onUnrecognizedError: (message, rpc) => logUnrecognizedError(log, rpc.path, message),
  });
  const alarmRights = new AlarmRights(base);
  const keyRights = new KeyRights(config);
  // Etcd users: checks rights to deletes and transactions that some versions of etcd do not check.
  const checked = withTransactionRights(base, alarmRights);
  // API tokens: enforces the scope of each token.
  const scoped = withScopes(checked, keyRights);
  // Etcd users: checks rights to leases, which etcd lacks. Uses the clients below, so its own reads pass the same checks.
  const leaseChecked = withUserLeaseRights(scoped, alarmRights);
  // Adds the newest revision to errors about revisions that do not exist yet.
  const etcd = withNewestRevision(leaseChecked);

  // The key and transaction APIs only: plain reads and writes of single keys share transactions under load.
  const batched = withBatching(etcd);
  // Leaves the markers of v2 directories out of ranges and counts.
  const keyClient = hideV2InternalKeys(batched);

  // Many watches over few streams for each identity.
  const baseWatches = createWatchClient({
    ...deps,
    onUnrecognizedError: (message) => logUnrecognizedError(log, WATCH_PATH, message),
  });
  // Ends watches when the store was reset.
  const followed = withResetDetection(baseWatches, {
    revisionMonitor: deps.revisionMonitor,
    readRevision: (identity) => readStoreRevision(identity, base),
  });
  // Etcd users: checks the right to read the whole range, repeatedly.
  const checkedWatches = withWatchRights(followed, checked);
  // API tokens: enforces the scope, and ends the watches of revoked tokens.
  const watches = withScopedWatches(checkedWatches, keyRights);
  return { etcd, keyClient, watches, alarmRights };
}

function readStoreRevision(identity: Identity, etcd: EtcdClient): Promise<number> {
  const signal = AbortSignal.timeout(REVISION_READ_MS);
  const deadline = performance.now() + REVISION_READ_MS;
  return readRevision({ identity, signal, deadline }, { etcd });
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
  { resolveSrv }: DnsClient,
  log: Log,
): DnsDiscovery | undefined {
  if (discovery === undefined) return undefined;
  // Settings for TLS to etcd show that connections must be encrypted. Passwords are never sent in plain text.
  const isTlsOnly = Object.keys(etcdTls).length > 0 || user !== undefined || auth === 'etcd';
  return new DnsDiscovery(
    { ...discovery, isTlsOnly },
    {
      pool,
      resolveSrv,
      onProblem: (reason) => log.warn({ reason }, 'endpoint discovery failed'),
    },
  );
}

/** Throws if the files are unusable. After a change, new connections use the new files and idle connections are closed. */
function openEtcdTls({ etcdTls }: Config, log: Log, onChange: () => void): TlsFiles | undefined {
  if (Object.keys(etcdTls).length === 0) return undefined;
  return new TlsFiles(etcdTls, {
    onChange() {
      onChange();
      log.info('certificates for etcd were reloaded');
    },
    onProblem: (reason) =>
      log.error({ reason }, 'cannot load the new certificates for etcd; keeping the previous ones'),
  });
}
