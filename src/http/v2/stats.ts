// /v2/stats, for monitoring of v2 clusters. Values that etcd v3 does not report are zero.
import { Router } from 'express';
import type { Response } from 'express';
import type { Caller } from '../../core/caller.js';
import { readMembers, readSelf } from '../../domain/v2/members/members.js';
import type { MembersDeps } from '../../domain/v2/members/members.js';
import type { V2Statistics } from '../../domain/v2/statistics.js';
import { recordErrorCode } from '../response/error-code.js';
import { sendJsonBody, serveMethods } from './responses.js';

export interface StatsRouterDeps extends MembersDeps {
  readonly statistics: V2Statistics;
}

export function createStatsRouter(deps: StatsRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const startedAt = new Date();
  router.all(
    '/v2/stats/store',
    serveMethods({ GET: (_req, res) => sendJsonBody(res, 200, deps.statistics.toBody()) }),
  );
  router.all(
    '/v2/stats/self',
    serveMethods({ GET: (_req, res, caller) => sendSelf(deps, res, caller, startedAt) }),
  );
  router.all(
    '/v2/stats/leader',
    serveMethods({ GET: (_req, res, caller) => sendLeader(deps, res, caller) }),
  );
  return router;
}

async function sendSelf(
  deps: StatsRouterDeps,
  res: Response,
  caller: Caller,
  startedAt: Date,
): Promise<void> {
  const { self, leader = '' } = await readSelf(caller, deps);
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const startTime = startedAt.toISOString();
  sendJsonBody(res, 200, {
    name: self.name,
    id: self.id,
    state: self.id === leader ? 'StateLeader' : 'StateFollower',
    startTime,
    leaderInfo: { leader, uptime: goDuration(seconds), startTime },
    recvAppendRequestCnt: 0,
    sendAppendRequestCnt: 0,
  });
}

/** Returns `1h2m3.5s`, the format of Go's Duration. */
function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

const NO_LATENCY = { current: 0, average: 0, standardDeviation: 0, minimum: 0, maximum: 0 };

async function sendLeader(deps: StatsRouterDeps, res: Response, caller: Caller): Promise<void> {
  const { leader } = await readSelf(caller, deps);
  if (leader === undefined) {
    recordErrorCode(res, 'no-leader');
    sendJsonBody(res, 403, { message: 'not current leader' });
    return;
  }
  const { members } = await readMembers(caller, deps);
  const followers = members.filter(({ id }) => id !== leader);
  sendJsonBody(res, 200, {
    leader,
    followers: Object.fromEntries(
      followers.map(({ id }) => [id, { latency: NO_LATENCY, counts: { fail: 0, success: 0 } }]),
    ),
  });
}
