// POST, PUT and DELETE at /v2/members, with the statuses and the words of etcd's own. One differs: v3 does not tell a member that was
// removed from one that never was, so that both are 404.
import type { Request, Response } from 'express';
import type { Caller } from '../../core/caller.js';
import { requireKnownCaller } from '../../domain/rights/denial.js';
import { addMember, removeMember, updateMember } from '../../domain/v2/members/member-changes.js';
import type { MembersDeps } from '../../domain/v2/members/members.js';
import { GatewayError } from '../../core/errors.js';
import type { Member, ResponseHeader } from '../../etcd/wire.js';
import { bytesOf } from '../body/body-readers.js';
import { noteErrorCode } from '../response/error-code.js';
import { parseJsonBody } from '../body/json.js';
import { sendBody, sendText } from './responses.js';
import type { Methods } from './responses.js';

type PutClusterId = (res: Response, clusterId: string) => void;

export function memberBody({ id, name, peerUrls }: Member, clientURLs: readonly string[]): object {
  return { id, name, peerURLs: peerUrls, clientURLs };
}

export function memberChanges(deps: MembersDeps, putClusterId: PutClusterId): Methods {
  const changeOne = async (
    req: Request,
    res: Response,
    change: (id: string) => Promise<ResponseHeader>,
  ): Promise<void> => {
    const id = req.path.slice(1);
    if (id === '') {
      noteErrorCode(res, 'method-not-allowed');
      sendText(res, 405, 'Method Not Allowed\n');
    } else {
      const header = await change(id);
      putClusterId(res, header.clusterId);
      res.statusCode = 204;
      res.end();
    }
  };
  return {
    POST: inWordsOfV2(async (req, res, caller) => {
      const { header, member } = await addMember(caller, deps, peerUrlsIn(req));
      putClusterId(res, header.clusterId);
      sendBody(res, 201, memberBody(member, []), '\n');
    }),
    PUT: inWordsOfV2((req, res, caller) =>
      changeOne(req, res, (id) => updateMember(caller, deps, id, peerUrlsIn(req))),
    ),
    DELETE: inWordsOfV2((req, res, caller) =>
      changeOne(req, res, (id) => removeMember(caller, deps, id)),
    ),
  };
}

function peerUrlsIn(req: Request): unknown {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]?.trimEnd() ?? '';
  if (type !== 'application/json') {
    throw new GatewayError('unsupported-media-type', {
      detail: `Bad Content-Type ${type}, accept application/json`,
    });
  }
  const body = parseJsonBody(bytesOf(req));
  return typeof body === 'object' && body !== null && 'peerURLs' in body
    ? body.peerURLs
    : undefined;
}

type Serve = (req: Request, res: Response, caller: Caller) => Promise<void>;

/** What v2 says of a change that is refused. Everything else is for the error handler. */
function inWordsOfV2(serve: Serve): Serve {
  return async (req, res, caller) => {
    try {
      // Before anything is said about what he sent.
      requireKnownCaller(caller);
      await serve(req, res, caller);
    } catch (error) {
      const message = error instanceof GatewayError ? messageOf(error, req) : undefined;
      if (message === undefined || !(error instanceof GatewayError)) throw error;
      noteErrorCode(res, error.code);
      sendBody(res, error.status, { message });
    }
  };
}

function messageOf(error: GatewayError, req: Request): string | undefined {
  switch (error.code) {
    case 'not-found':
      return `No such member: ${req.path.slice(1).toLowerCase()}`;
    case 'already-exists':
      return error.message.includes('ID') ? 'membership: ID exists' : 'membership: peerURL exists';
    case 'permission-denied':
    case 'invalid-request':
    case 'unsupported-media-type':
      return error.message;
    default:
      return undefined;
  }
}
