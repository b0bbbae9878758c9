// /v1/elections: campaign, look, renew, proclaim, resign, follow.
import { Router } from 'express';
import type { Request } from 'express';
import type { Caller } from '../../core/caller.js';
import { invalidRequest } from '../../core/errors.js';
import { createArena } from '../../domain/contention/key.js';
import { inspectElection, toCandidateText } from '../../domain/elections/view.js';
import type { ElectionView } from '../../domain/elections/view.js';
import { campaign, proclaim, renewLeadership, resign } from '../../domain/elections/elections.js';
import type { ElectionDeps, Leadership } from '../../domain/elections/elections.js';
import { parseSharedLeaseId } from '../../domain/leases/lease-id.js';
import type { StateFeeds } from '../../domain/contention/state-feed.js';
import { bytesOf, readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import type { Validator } from '../contract/validate.js';
import { sendJson } from './entry-body.js';
import { namedTokens, nameOf, renewEverySeconds, toLifetimeBody } from './lock-body.js';
import { queryOf } from './range-query.js';
import { serveStates } from './states.js';

export interface ElectionsRouterDeps extends ElectionDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
  readonly streams: StreamLimiter;
  readonly feeds: StateFeeds<ElectionView>;
}

interface CampaignBody {
  readonly candidate: string;
  readonly ttl?: number;
  readonly wait?: number;
  readonly token?: string;
  readonly lease?: string;
}

export function createElectionsRouter(deps: ElectionsRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = deps.bodies.small();
  router.put('/v1/elections/:name', body, async (req, res) => {
    const asked = bodyFor(deps, req, 'campaign') as CampaignBody;
    const { candidate, token, lease, ttl: ttlSeconds, wait = 0 } = asked;
    const request = {
      name: nameOf(req),
      candidate,
      token,
      ttlSeconds,
      lease: lease === undefined ? undefined : parseSharedLeaseId(lease, '/lease'),
    };
    if (wait > 0) deps.streams.enterWait(res);
    sendJson(res, toLeadershipBody(await campaign(contextOf(req).caller, deps, request, wait)));
  });
  router.delete('/v1/elections/:name', body, async (req, res) => {
    const token = readToken(deps, req);
    await resign(contextOf(req).caller, deps, { name: nameOf(req), token });
    sendJson(res, { released: true });
  });
  router.post('/v1/elections/:name/keepalive', body, async (req, res) => {
    const asked = bodyFor(deps, req, 'renewLeadership') as RenewBody;
    const request = { name: nameOf(req), ...asked };
    const renewed = await renewLeadership(contextOf(req).caller, deps, request);
    sendJson(res, { ...toLifetimeBody(renewed.lifetime), fencingToken: renewed.fencingToken });
  });
  router.post('/v1/elections/:name/proclaim', body, async (req, res) => {
    const asked = bodyFor(deps, req, 'proclaim') as { token: string; candidate: string };
    const request = { name: nameOf(req), ...asked };
    sendJson(res, await proclaim(contextOf(req).caller, deps, request));
  });
  addReads(router, deps);
  return router;
}

function addReads(router: Router, deps: ElectionsRouterDeps): void {
  router.get('/v1/elections/:name', async (req, res) => {
    queryFor(deps, req, 'getElection');
    sendJson(res, toElectionBody(await inspectElection(contextOf(req).caller, deps, nameOf(req))));
  });
  router.get('/v1/elections/:name/events', (req, res, next) => {
    // It would never end.
    if (req.method === 'HEAD') {
      next();
      return;
    }
    queryFor(deps, req, 'watchElection');
    const name = nameOf(req);
    const { range } = createArena(deps.electionPrefix, name, 'name');
    deps.streams.enter(res);
    const { identity } = contextOf(req).caller;
    const read = (caller: Caller): ReturnType<typeof inspectElection> =>
      inspectElection(caller, deps, name);
    serveStates(deps, res, { identity, range, read }, toElectionBody);
  });
}

interface RenewBody {
  readonly token: string;
  readonly fencingToken?: number;
}

function queryFor(deps: ElectionsRouterDeps, req: Request, operationId: string): unknown {
  return deps.validator.operation(operationId).query(queryOf(req));
}

/** The body; the operation takes no query. */
function bodyFor(deps: ElectionsRouterDeps, req: Request, operationId: string): unknown {
  queryFor(deps, req, operationId);
  return deps.validator.operation(operationId).body(readJson(req));
}

/** Whose candidacy a DELETE ends: the token in its body, its query or its header `Lock-Token`. */
function readToken(deps: ElectionsRouterDeps, req: Request): string {
  const query = queryFor(deps, req, 'resign') as { token?: string };
  const operation = deps.validator.operation('resign');
  const body = bytesOf(req).length === 0 ? {} : operation.body(readJson(req));
  const [token, another] = namedTokens(req, query.token, (body as { token?: string }).token);
  if (token !== undefined && another === undefined) return token;
  throw invalidRequest(
    'token',
    'a resignation names exactly one token',
    'pass it in the body, as ?token= or in the header Lock-Token',
  );
}

function toLeadershipBody(leadership: Leadership): Record<string, unknown> {
  const { name, value, token, createRevision, lifetime } = leadership;
  return {
    name,
    ...toCandidateText(value),
    token,
    fencingToken: createRevision,
    ...toLifetimeBody(lifetime),
    renewEvery: renewEverySeconds(lifetime),
  };
}

function toElectionBody({
  name,
  leader,
  candidates,
  queueLength,
}: ElectionView): Record<string, unknown> {
  return { name, leader, candidates, queueLength };
}
