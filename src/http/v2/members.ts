// /v2/members, /v2/machines and what they were called before: who is in the cluster, and where to find it.
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Caller } from '../../core/caller.js';
import { v2Error } from '../../domain/v2/errors.js';
import { readLeader, readMembers } from '../../domain/v2/members/members.js';
import type { MembersDeps } from '../../domain/v2/members/members.js';
import type { Member } from '../../etcd/wire.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import { noteErrorCode } from '../response/error-code.js';
import { jsonLine } from './event-body.js';
import { sendV2Error } from './errors.js';
import { memberBody, memberChanges } from './member-changes.js';
import { gatewayUrls } from './gateway-urls.js';
import type { GatewayUrlSettings } from './gateway-urls.js';
import { sendBody, sendText, serveMethods } from './responses.js';
import type { StoreHeaders } from './store-headers.js';

export interface MembersRouterDeps extends MembersDeps {
  readonly urls: GatewayUrlSettings;
  readonly headers: StoreHeaders;
  readonly bodies: BodyReaders;
}

const MACHINES = '/v2/keys/_etcd/machines';

export function createMembersRouter(deps: MembersRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const listUrls = (req: Request, res: Response): void =>
    sendText(res, 200, gatewayUrls(deps.urls, req).join(', '));
  router.use('/v2/machines', exact(serveMethods({ GET: listUrls, HEAD: listUrls })));
  const leader = (req: Request, res: Response, caller: Caller): Promise<void> =>
    sendLeaderUrl(deps, res, caller);
  router.use('/v2/leader', exact(serveMethods({ GET: leader, HEAD: leader })));
  router.use(
    '/v2/members',
    deps.bodies.small(),
    serveMethods({
      GET: (req, res, caller) => sendMembers(deps, req, res, caller),
      ...memberChanges(deps, (res, clusterId) => putClusterId(deps, res, clusterId)),
    }),
  );
  router.get(MACHINES, async (req, res, next) => {
    if (!(await sendMachines(deps, req, res, ''))) next();
  });
  router.get(`${MACHINES}/:name`, async (req, res, next) => {
    if (!(await sendMachines(deps, req, res, req.params.name))) next();
  });
  return router;
}

/** Of a mount, only the path itself. */
function exact(serve: ReturnType<typeof serveMethods>): ReturnType<typeof serveMethods> {
  return (req, res, next) => {
    if (req.path === '/') serve(req, res, next);
    else next();
  };
}

async function sendMembers(
  deps: MembersRouterDeps,
  req: Request,
  res: Response,
  caller: Caller,
): Promise<void> {
  const name = req.path.slice(1);
  const body = (member: Member): object => memberBody(member, gatewayUrls(deps.urls, req));
  if (name === 'leader') {
    const found = await readLeader(caller, deps);
    if (found === undefined) {
      noteErrorCode(res, 'no-leader');
      sendBody(res, 503, { message: 'During election' });
      return;
    }
    putClusterId(deps, res, found.header.clusterId);
    sendBody(res, 200, body(found.leader), '\n');
    return;
  }
  const { members, header } = await readMembers(caller, deps);
  putClusterId(deps, res, header.clusterId);
  if (name === '') sendBody(res, 200, { members: members.map(body) }, '\n');
  else {
    noteErrorCode(res, 'not-found');
    sendBody(res, 404, { message: 'Not found' });
  }
}

function putClusterId({ headers }: MembersRouterDeps, res: Response, clusterId: string): void {
  headers.remember({ clusterId });
  res.setHeader('X-Etcd-Cluster-Id', clusterId);
}

/** What etcd 0.4 answered: the leader's peer URL. */
async function sendLeaderUrl(
  deps: MembersRouterDeps,
  res: Response,
  caller: Caller,
): Promise<void> {
  const found = await readLeader(caller, deps);
  if (found === undefined) sendV2Error(res, v2Error('leaderElect', ''));
  else sendText(res, 200, found.leader.peerUrls[0] ?? '');
}

/** The index of machines: they were there before everything else. */
const FIRST_INDEX = 1;

/** What etcd 0.4 kept in its hidden directory. False for a name that no member has: it may be somebody's key. */
async function sendMachines(
  deps: MembersRouterDeps,
  req: Request,
  res: Response,
  name: string,
): Promise<boolean> {
  const { members, header } = await readMembers(contextOf(req).caller, deps);
  const nodes = members.map((member) => ({
    key: `/_etcd/machines/${member.name}`,
    value: machineValue(member, gatewayUrls(deps.urls, req)),
    modifiedIndex: FIRST_INDEX,
    createdIndex: FIRST_INDEX,
  }));
  const indexes = { modifiedIndex: FIRST_INDEX, createdIndex: FIRST_INDEX };
  const directory = { key: '/_etcd/machines', dir: true, nodes, ...indexes };
  const node = name === '' ? directory : nodes.find(({ key }) => key.endsWith(`/${name}`));
  if (node === undefined) return false;
  deps.headers.put(res, header);
  res.end(jsonLine({ action: 'get', node }));
  return true;
}

function machineValue({ peerUrls }: Member, urls: readonly string[]): string {
  return new URLSearchParams({ etcd: urls[0] ?? '', raft: peerUrls[0] ?? '' }).toString();
}
