// /v1/elections: campaign, inspect, renew, proclaim, resign and watch.
import { Router } from 'express';
import type { Request } from 'express';
import type { Caller } from '../../core/caller.js';
import { invalidRequest } from '../../core/errors.js';
import { createLockResource } from '../../domain/contention/key.js';
import { inspectElection, toCandidateText } from '../../domain/elections/view.js';
import type { ElectionView } from '../../domain/elections/view.js';
import { campaign, proclaim, renewLeadership, resign } from '../../domain/elections/elections.js';
import type { ElectionDeps, Leadership } from '../../domain/elections/elections.js';
import { parseSharedLeaseId } from '../../domain/leases/lease-id.js';
import type { StateFeeds } from './state-feed.js';
import { bytesOf, readJson } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import { readParameters, readRequest } from '../contract/documented-request.js';
import type { Schema } from '../contract/operation-types.js';
import type { OperationValidator, Validator } from '../contract/validate.js';
import {
  checkName,
  renewEverySeconds,
  toLifetimeBody,
  tokensOf,
  toRenewedBody,
} from './lock-body.js';
import { sendJson, skipHead } from './responses.js';
import { streamStates } from './state-stream.js';

export interface ElectionsRouterDeps extends ElectionDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
  readonly streams: StreamLimiter;
  readonly feeds: StateFeeds<ElectionView>;
}

export function createElectionsRouter(deps: ElectionsRouterDeps): Router {
  const { validator } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const readBody = deps.bodies.small();
  router.put('/v1/elections/:name', readBody, async (req, res) => {
    const { params, body } = readRequest(req, validator.operation('campaign'));
    const { candidate, token, lease, ttl: ttlSeconds, wait = 0 } = body;
    const request = {
      name: checkName(params.name),
      candidate,
      token,
      ttlSeconds,
      lease: lease === undefined ? undefined : parseSharedLeaseId(lease, '/lease'),
    };
    if (wait > 0) deps.streams.enterWait(res);
    sendJson(res, toLeadershipBody(await campaign(contextOf(req).caller, deps, request, wait)));
  });
  router.delete('/v1/elections/:name', readBody, async (req, res) => {
    const resignation = readResignation(req, validator.operation('resign'));
    await resign(contextOf(req).caller, deps, resignation);
    const released: Schema<'Released'> = { released: true };
    sendJson(res, released);
  });
  router.post('/v1/elections/:name/keepalive', readBody, async (req, res) => {
    const { params, body } = readRequest(req, validator.operation('renewLeadership'));
    const request = { name: checkName(params.name), ...body };
    sendJson(res, toRenewedBody(await renewLeadership(contextOf(req).caller, deps, request)));
  });
  router.post('/v1/elections/:name/proclaim', readBody, async (req, res) => {
    const { params, body } = readRequest(req, validator.operation('proclaim'));
    const request = { name: checkName(params.name), ...body };
    const proclamation: Schema<'Proclamation'> = await proclaim(
      contextOf(req).caller,
      deps,
      request,
    );
    sendJson(res, proclamation);
  });
  addReads(router, deps);
  return router;
}

function addReads(router: Router, deps: ElectionsRouterDeps): void {
  const { validator } = deps;
  router.get('/v1/elections/:name', async (req, res) => {
    const { params } = readParameters(req, validator.operation('getElection'));
    const election = await inspectElection(contextOf(req).caller, deps, checkName(params.name));
    sendJson(res, toElectionBody(election));
  });
  router.get('/v1/elections/:name/events', skipHead, (req, res) => {
    const { params } = readParameters(req, validator.operation('watchElection'));
    const name = checkName(params.name);
    const { range } = createLockResource(deps.electionPrefix, name, 'name');
    deps.streams.enter(res);
    const { identity } = contextOf(req).caller;
    const read = (caller: Caller): ReturnType<typeof inspectElection> =>
      inspectElection(caller, deps, name);
    streamStates(deps, res, { identity, range, read }, toElectionBody);
  });
}

/** Reads a DELETE, which names one token: in its body, its query or its header `Lock-Token`. */
function readResignation(
  req: Request,
  operation: OperationValidator<'resign'>,
): { readonly name: string; readonly token: string } {
  const { query, params } = readParameters(req, operation);
  const body = bytesOf(req).length === 0 ? {} : operation.body(readJson(req));
  const [token, another] = tokensOf(req, query.token, body.token);
  if (token !== undefined && another === undefined) return { name: checkName(params.name), token };
  throw invalidRequest(
    'token',
    'a resignation requires exactly one token',
    'pass it once: in the body, as ?token= or in the header Lock-Token',
  );
}

function toLeadershipBody(leadership: Leadership): Schema<'Leadership'> {
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
}: ElectionView): Schema<'Election'> {
  return { name, leader, candidates, queueLength };
}
