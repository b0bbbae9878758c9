// The etcd v2 API: keys, members, statistics, version and health.
import { Router } from 'express';
import { EventHistory } from '../../domain/v2/history/event-history.js';
import { DirectoryExpiry } from '../../domain/v2/expiry/directory-expiry.js';
import { InOrderQueues } from '../../domain/v2/writes/create-in-order.js';
import { V2Statistics } from '../../domain/v2/statistics.js';
import { WatchHub } from '../../domain/watch/hub.js';
import type { HubDeps } from '../../domain/watch/hub.js';
import type { RevisionMonitor } from '../../etcd/revision-monitor.js';
import type { Readiness } from '../operations/readiness.js';
import { recordErrorCode } from '../response/error-code.js';
import { redirectUncleanPath } from './clean-path.js';
import { createV2ClusterRouter } from './cluster.js';
import { createV2KeysRouter } from './keys.js';
import type { V2KeysDeps } from './keys.js';
import { createMembersRouter } from './members.js';
import type { GatewayUrlSettings } from './gateway-urls.js';
import { sendPlainText } from './responses.js';
import { createStatsRouter } from './stats.js';
import { StoreHeaders } from './store-headers.js';

type OwnDeps =
  'hub' | 'directoryExpiry' | 'history' | 'queues' | 'headers' | 'statistics' | 'revisionMonitor';

export interface V2RouterDeps extends Omit<V2KeysDeps, OwnDeps> {
  readonly watching: Omit<HubDeps, 'isVisible'>;
  readonly readiness: Readiness;
  readonly revisionMonitor: RevisionMonitor;
  readonly urls: GatewayUrlSettings;
}

export function createV2Router(deps: V2RouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  // The v2 tree needs the events of internal keys.
  const hub = new WatchHub({ ...deps.watching, isVisible: () => true });
  const history = new EventHistory(deps.etcd);
  deps.revisionMonitor.subscribe(() => history.clear());
  const statistics = new V2Statistics();
  const headers = new StoreHeaders(deps);
  // etcd responds to every OPTIONS request as to a CORS preflight.
  router.options(/^\/(?:v2\/.*|version|health)$/, (_req, res) => {
    res.setHeader('Content-Length', 0);
    res.end();
  });
  router.use(redirectUncleanPath);
  router.use(createMembersRouter({ ...deps, headers }));
  router.use(
    createV2KeysRouter({
      ...deps,
      hub,
      directoryExpiry: new DirectoryExpiry({
        ...deps,
        hub,
        onExpired: () => statistics.countExpired(),
      }),
      history,
      queues: new InOrderQueues(),
      headers,
      statistics,
    }),
  );
  router.use(createStatsRouter({ ...deps, statistics }));
  router.use(createV2ClusterRouter(deps));
  router.use('/v2', (_req, res) => {
    recordErrorCode(res, 'not-found');
    sendPlainText(res, 404, '404 page not found\n');
  });
  return router;
}
