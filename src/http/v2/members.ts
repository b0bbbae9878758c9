// /v2/members, /v2/machines, and their predecessors /v2/leader and /v2/keys/_etcd/machines of etcd 0.4.
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Caller } from '../../core/caller.js';
import { v2Error } from '../../domain/v2/errors.js';
import { readLeader, readMembers } from '../../domain/v2/members/members.js';
import type { Member } from '../../etcd/wire.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import { recordErrorCode } from '../response/error-code.js';
import { encodeGoJson } from './event-body.js';
import { sendV2Error } from './errors.js';
import { createMemberChangeHandlers, memberBody } from './member-changes.js';
import type { MemberChangeDeps } from './member-changes.js';
import { gatewayUrls } from './gateway-urls.js';
import type { GatewayUrlSettings } from './gateway-urls.js';
import { sendJsonBody, sendPlainText, serveMethods } from './responses.js';

export interface MembersRouterDeps extends MemberChangeDeps {
  readonly urls: GatewayUrlSettings;
  readonly bodies: BodyReaders;
}

const MACHINES = '/v2/keys/_etcd/machines';

export function createMembersRouter(deps: MembersRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const listUrls = (req: Request, res: Response): void =>
    sendPlainText(res, 200, gatewayUrls(deps.urls, req).join(', '));
  router.use('/v2/machines', onExactPath(serveMethods({ GET: listUrls, HEAD: listUrls })));
  const leader = (req: Request, res: Response, caller: Caller): Promise<void> =>
    sendLeaderUrl(deps, res, caller);
  router.use('/v2/leader', onExactPath(serveMethods({ GET: leader, HEAD: leader })));
  router.use(
    '/v2/members',
    deps.bodies.small(),
    serveMethods({
      GET: (req, res, caller) => sendMembers(deps, req, res, caller),
      ...createMemberChangeHandlers(deps),
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

/** Restricts a handler to the mount path itself. */
function onExactPath(serve: ReturnType<typeof serveMethods>): ReturnType<typeof serveMethods> {
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
      recordErrorCode(res, 'no-leader');
      sendJsonBody(res, 503, { message: 'During election' });
      return;
    }
    deps.headers.putClusterId(res, found.header);
    sendJsonBody(res, 200, body(found.leader), '\n');
    return;
  }
  const { members, header } = await readMembers(caller, deps);
  deps.headers.putClusterId(res, header);
  if (name === '') sendJsonBody(res, 200, { members: members.map(body) }, '\n');
  else {
    recordErrorCode(res, 'not-found');
    sendJsonBody(res, 404, { message: 'Not found' });
  }
}

/** Sends the leader's peer URL, as etcd 0.4 did. */
async function sendLeaderUrl(
  deps: MembersRouterDeps,
  res: Response,
  caller: Caller,
): Promise<void> {
  const found = await readLeader(caller, deps);
  if (found === undefined) sendV2Error(res, v2Error('leaderElect', ''));
  else sendPlainText(res, 200, found.leader.peerUrls[0] ?? '');
}

/** The index of all machines, as if they had been created first. */
const FIRST_INDEX = 1;

/** Sends the members in the format of etcd 0.4's hidden directory. Returns false if no member has the name, because a key may have it. */
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
  res.end(encodeGoJson({ action: 'get', node }));
  return true;
}

function machineValue({ peerUrls }: Member, urls: readonly string[]): string {
  return new URLSearchParams({ etcd: urls[0] ?? '', raft: peerUrls[0] ?? '' }).toString();
}
