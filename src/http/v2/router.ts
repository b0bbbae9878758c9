// The etcd v2 API: keys, and what v2 clients ask around them.
import { Router } from 'express';
import { ChangeRecords } from '../../domain/v2/history/event-history.js';
import { DirectoryEnds } from '../../domain/v2/expiry/directory-expiry.js';
import { InOrderQueues } from '../../domain/v2/writes/create-in-order.js';
import { V2Statistics } from '../../domain/v2/statistics.js';
import { WatchHub } from '../../domain/watch/hub.js';
import type { HubDeps } from '../../domain/watch/hub.js';
import type { RevisionLine } from '../../etcd/revision-line.js';
import type { Readiness } from '../operations/readiness.js';
import { noteErrorCode } from '../response/error-code.js';
import { redirectUnclean } from './clean-path.js';
import { createV2ClusterRouter } from './cluster.js';
import { createV2KeysRouter } from './keys.js';
import type { V2KeysDeps } from './keys.js';
import { createMembersRouter } from './members.js';
import type { GatewayUrlSettings } from './gateway-urls.js';
import { sendText } from './responses.js';
import { createStatsRouter } from './stats.js';
import { StoreHeaders } from './store-headers.js';

type OwnDeps = 'hub' | 'ends' | 'records' | 'queues' | 'headers' | 'statistics' | 'line';

export interface V2RouterDeps extends Omit<V2KeysDeps, OwnDeps> {
  readonly watching: Omit<HubDeps, 'isVisible'>;
  readonly readiness: Readiness;
  readonly line: RevisionLine;
  readonly urls: GatewayUrlSettings;
}

export function createV2Router(deps: V2RouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  // The markers of directories are what it is about.
  const hub = new WatchHub({ ...deps.watching, isVisible: () => true });
  const records = new ChangeRecords(deps.etcd);
  deps.line.subscribe(() => records.clear());
  const statistics = new V2Statistics();
  const headers = new StoreHeaders(deps);
  // etcd takes every OPTIONS for a browser that asks first.
  router.options(/^\/(?:v2\/.*|version|health)$/, (_req, res) => {
    res.setHeader('Content-Length', 0);
    res.end();
  });
  router.use(redirectUnclean);
  router.use(createMembersRouter({ ...deps, headers }));
  router.use(
    createV2KeysRouter({
      ...deps,
      hub,
      ends: new DirectoryEnds({ ...deps, hub, onEnded: () => statistics.countExpired() }),
      records,
      queues: new InOrderQueues(),
      headers,
      statistics,
    }),
  );
  router.use(createStatsRouter({ ...deps, statistics }));
  router.use(createV2ClusterRouter(deps));
  router.use('/v2', (_req, res) => {
    noteErrorCode(res, 'not-found');
    sendText(res, 404, '404 page not found\n');
  });
  return router;
}
