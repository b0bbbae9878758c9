// POST, PUT and DELETE at /v2/members, with the statuses and messages of etcd. One differs: etcd v3 does not distinguish a removed member from
// one that never existed. Both get 404.
import type { Request, Response } from 'express';
import type { Caller } from '../../core/caller.js';
import { requireKnownCaller } from '../../domain/rights/denial.js';
import { addMember, removeMember, updateMember } from '../../domain/v2/members/member-changes.js';
import type { MembersDeps } from '../../domain/v2/members/members.js';
import { GatewayError } from '../../core/errors.js';
import type { Member, ResponseHeader } from '../../etcd/wire.js';
import { bytesOf } from '../body/body-readers.js';
import { recordErrorCode } from '../response/error-code.js';
import { parseJsonBody } from '../body/json.js';
import { sendJsonBody, sendPlainText } from './responses.js';
import type { Methods } from './responses.js';
import type { StoreHeaders } from './store-headers.js';

export interface MemberChangeDeps extends MembersDeps {
  readonly headers: StoreHeaders;
}

export function memberBody({ id, name, peerUrls }: Member, clientURLs: readonly string[]): object {
  return { id, name, peerURLs: peerUrls, clientURLs };
}

export function createMemberChangeHandlers(deps: MemberChangeDeps): Methods {
  const changeMember = async (
    req: Request,
    res: Response,
    change: (id: string) => Promise<ResponseHeader>,
  ): Promise<void> => {
    const id = req.path.slice(1);
    if (id === '') {
      recordErrorCode(res, 'method-not-allowed');
      sendPlainText(res, 405, 'Method Not Allowed\n');
    } else {
      const header = await change(id);
      deps.headers.putClusterId(res, header);
      res.statusCode = 204;
      res.end();
    }
  };
  return {
    POST: withV2Errors(async (req, res, caller) => {
      const { header, member } = await addMember(caller, deps, readPeerUrls(req));
      deps.headers.putClusterId(res, header);
      sendJsonBody(res, 201, memberBody(member, []), '\n');
    }),
    PUT: withV2Errors((req, res, caller) =>
      changeMember(req, res, (id) => updateMember(caller, deps, id, readPeerUrls(req))),
    ),
    DELETE: withV2Errors((req, res, caller) =>
      changeMember(req, res, (id) => removeMember(caller, deps, id)),
    ),
  };
}

function readPeerUrls(req: Request): unknown {
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

/** Sends v2 messages for rejected changes. All other errors go to the error handler. */
function withV2Errors(serve: Serve): Serve {
  return async (req, res, caller) => {
    try {
      // Anonymous clients get 403 before the gateway validates their request.
      requireKnownCaller(caller);
      await serve(req, res, caller);
    } catch (error) {
      const message = error instanceof GatewayError ? messageOf(error, req) : undefined;
      if (message === undefined || !(error instanceof GatewayError)) throw error;
      recordErrorCode(res, error.code);
      sendJsonBody(res, error.status, { message });
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
