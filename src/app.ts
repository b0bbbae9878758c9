// Mounts every API, in order, on one screen.
import express from 'express';
import type { Express, Response } from 'express';
import type { Caller } from './core/caller.js';
import type { Config } from './config/config.js';
import { isLoopback } from './config/address.js';
import type { Background } from './domain/background.js';
import { KnownHolders } from './domain/locks/guard.js';
import { DeletionWatches } from './domain/contention/deletion-watches.js';
import { Semaphore } from './domain/semaphore.js';
import { WaiterLimiter } from './domain/contention/limits.js';
import { checkQuorum, readRevision } from './domain/cluster.js';
import { requireRoot } from './domain/rights/etcd-users/check-rights.js';
import { createReservedKeys } from './domain/reserved.js';
import { Counter } from './domain/counter.js';
import { WatchHub } from './domain/watch/hub.js';
import type { HubDeps } from './domain/watch/hub.js';
import { isCompacted } from './domain/watch/compaction-check.js';
import { StateFeeds } from './http/v1/state-feed.js';
import { createAccessLog } from './http/server/access-log.js';
import { createAuthMiddleware, initialIdentity } from './http/auth/middleware.js';
import type { Authentication } from './http/auth/middleware.js';
import { BodyMemory } from './http/load/body-memory.js';
import { CallerLimits } from './http/load/caller-limits.js';
import { requireClientCertificate } from './http/auth/client-certificate.js';
import { BodyReaders } from './http/body/body-readers.js';
import { createContext } from './http/request/context.js';
import { createDocsRouter } from './http/operations/docs.js';
import { startEventLoopMonitor } from './http/load/event-loop-monitor.js';
import { createHostOriginChecks } from './http/server/host-origin-checks.js';
import { RequestLimiter } from './http/load/request-limiter.js';
import { createReadiness } from './http/operations/readiness.js';
import { createMetricsRouter, createOperationsRouter } from './http/operations/routes.js';
import { createKnownPaths } from './http/contract/known-paths.js';
import { readDocumentTexts } from './http/contract/openapi-files.js';
import { createErrorHandler } from './http/response/problem.js';
import { createRawRouter, rejectLoops } from './http/raw/router.js';
import { createRawCredentialsFor } from './http/auth/raw-credentials.js';
import type { RawCredentialsFor } from './http/auth/raw-credentials.js';
import { createSimpleLockRouter } from './http/simple-lock.js';
import { StreamLimiter } from './http/load/stream-limiter.js';
import { handleOptions, rejectUnmatched } from './http/contract/unmatched-routes.js';
import { createClusterRouter } from './http/v1/cluster.js';
import { createElectionsRouter } from './http/v1/elections.js';
import { createKvRouter } from './http/v1/kv.js';
import { createLeasesRouter } from './http/v1/leases.js';
import { createLocksRouter } from './http/v1/locks.js';
import { createWatchRouter } from './http/v1/watch.js';
import { createTxnRouter } from './http/v1/txn.js';
import { createV2Router } from './http/v2/router.js';
import { createValidator, loadDocument } from './http/contract/validate.js';
import type { Log } from './process/log.js';
import type { Metrics } from './process/metrics.js';
import type { Upstream } from './upstream.js';

/** Deadline of the check whether etcd has authentication. If it passes, readiness depends on the quorum alone. */
const AUTHENTICATION_CHECK_MS = 500;

export interface AppDeps {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly upstream: Upstream;
  readonly background: Background;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
  /** How clients authenticate. */
  readonly authentication: Authentication;
}

export function createApp(deps: AppDeps): Express {
  const { config, log, metrics, upstream, background, draining, authentication } = deps;
  const { etcd, watches, revisionMonitor, isProgressOrdered } = upstream;
  const { limits, lockPrefix, electionPrefix } = config;
  const {
    validator,
    reserved,
    guards,
    contention,
    streams,
    watching,
    hub,
    requests,
    callers,
    bodies,
    paths,
  } = createParts(deps);
  const currentRevision = (caller: Caller): Promise<number> => readRevision(caller, { etcd });
  const enterWait = (res: Response): void => streams.enterWait(res);
  const kv = { ...guards, background, reserved, streams, draining, watches, isProgressOrdered };
  const watch = { hub, revisionMonitor, reserved, validator, streams, draining, currentRevision };
  const queues = { ...contention, validator, bodies, streams };
  const raw = { ...upstream, credentialsFor: createCredentialsFor(config, upstream) };
  const readiness = createReadiness({
    check: readyCheck(config, upstream),
    countReachable: upstream.countReachable,
    isDraining: () => draining.aborted,
  });

  const app = createBareApp();
  app.use(createContext(limits, initialIdentity(authentication)));
  app.use(createAccessLog({ log, requests: metrics.requests }));
  app.use(createOperationsRouter(readiness), createHostOriginChecks(config));
  if (config.serverTls?.ca !== undefined) app.use(requireClientCertificate());
  app.use(rejectLoops(upstream.instanceId));
  app.use(createAuthMiddleware(authentication, { isLocal: isLoopback(config.listen.host) }));
  app.use(handleOptions(paths.own), createMetricsRouter(metrics));
  app.use(requests.admit(), callers.rate());
  app.use(
    createRawRouter({ ...raw, limits, log, callMetrics: metrics.calls, draining, enterWait }),
  );
  app.use(createKvRouter({ ...kv, validator, bodies }));
  app.use(createTxnRouter({ ...guards, reserved, validator, bodies }));
  app.use(createWatchRouter(watch));
  app.use(createLeasesRouter({ etcd, background, reserved, validator, bodies }));
  app.use(createLocksRouter({ ...queues, lockPrefix, log, feeds: new StateFeeds(upstream) }));
  app.use(createElectionsRouter({ ...queues, electionPrefix, feeds: new StateFeeds(upstream) }));
  app.use(createClusterRouter({ etcd, validator, bodies }));
  app.use(createSimpleLockRouter({ ...contention, lockPrefix, validator, bodies }));
  app.use(
    createV2Router({ ...kv, etcd, revisionMonitor, watching, readiness, bodies, urls: config }),
  );
  app.use(createDocsRouter({ documents: readDocumentTexts() }));
  app.use(rejectUnmatched(paths.all), createErrorHandler(log));
  return app;
}

function createCredentialsFor({ auth }: Config, upstream: Upstream): RawCredentialsFor {
  const { etcd, alarmRights, credentialVerifier } = upstream;
  return createRawCredentialsFor({
    mode: auth,
    verifier: credentialVerifier,
    requireRoot: (caller) => requireRoot(caller, etcd),
    refuseUnderAlarm: (caller) => alarmRights.refuseUnderAlarm(caller),
  });
}

/** Creates the parts that several APIs share. */
function createParts(deps: AppDeps) {
  const { config, metrics, upstream, background, draining } = deps;
  const { etcd, watches, revisionMonitor, isProgressOrdered } = upstream;
  const { limits, lockPrefix } = config;
  const reserved = createReservedKeys(config);
  const contention = {
    etcd,
    background,
    draining,
    deletionWatches: new DeletionWatches(watches, revisionMonitor),
    enterSemaphore: new Semaphore(),
    lockLimits: limits.locks,
    waiterLimiter: new WaiterLimiter(limits.locks),
    holds: new Counter(),
  };
  const requests = new RequestLimiter({
    requestsMax: limits.requestsMax,
    eventLoop: startEventLoopMonitor(limits.eventLoopDelayMs),
    onRejected: metrics.shed,
  });
  const callers = new CallerLimits(limits, metrics.shed);
  const streams = new StreamLimiter(limits.streamsMax, [requests, callers]);
  const watching: Omit<HubDeps, 'isVisible'> = {
    watches,
    isProgressOrdered,
    isCompacted: (identity, key, revision) => isCompacted(identity, { etcd }, key, revision),
  };
  const knownHolders = new KnownHolders();
  revisionMonitor.subscribe(() => knownHolders.clear());
  const hub = new WatchHub({ ...watching, isVisible: (key) => !reserved.isHidden(key) });
  const memory = new BodyMemory({ bytesMax: limits.bodyMemoryBytes, onRejected: metrics.shed });
  observeGauges(deps, { ...contention, requests, streams, hub });
  const latchkey = loadDocument('latchkey');
  return {
    validator: createValidator(latchkey),
    paths: {
      own: createKnownPaths([latchkey]),
      all: createKnownPaths([latchkey, loadDocument('etcd-v2')]),
    },
    reserved,
    guards: {
      etcd: upstream.keyClient,
      lockPrefix,
      knownHolders,
    },
    contention,
    streams,
    watching,
    hub,
    requests,
    callers,
    bodies: new BodyReaders(limits, memory),
  };
}

interface Counted {
  readonly requests: RequestLimiter;
  readonly waiterLimiter: WaiterLimiter;
  readonly holds: Counter;
  readonly streams: StreamLimiter;
  readonly hub: WatchHub;
}

function observeGauges(
  deps: AppDeps,
  { requests, waiterLimiter, holds, streams, hub }: Counted,
): void {
  const { metrics, upstream, background, draining } = deps;
  const { watches } = upstream;
  metrics.observe({
    requestsInProgress: () => requests.active,
    lockWaiters: () => waiterLimiter.count,
    lockHolds: () => holds.count,
    streams: () => streams.count,
    watchers: () => hub.watchers,
    etcdWatches: () => watches.watches,
    etcdWatchStreams: () => watches.streams,
    cleanUps: () => background.size,
    isDraining: () => draining.aborted,
  });
}

function createBareApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('query parser', false);
  return app;
}

function readyCheck(
  { auth, user }: Config,
  { etcd, credentialVerifier }: Pick<Upstream, 'etcd' | 'credentialVerifier'>,
): (caller: Caller) => Promise<void> {
  if (auth !== 'etcd') return (caller) => checkQuorum(caller, { etcd });
  return async (caller) => {
    // Without a user of its own, the gateway has no right to read a key.
    const quorum = user === undefined ? etcd.health(caller) : checkQuorum(caller, { etcd });
    await Promise.all([quorum, credentialVerifier.requireAuthentication(AUTHENTICATION_CHECK_MS)]);
  };
}
