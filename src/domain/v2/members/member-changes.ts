// Changes of the cluster's members. Allowed are API tokens with `admin` and users of etcd, for which etcd requires the root role. Clients
// without an identity cannot change members.
import type { Caller } from '../../../core/caller.js';
import { GatewayError, invalidRequest } from '../../../core/errors.js';
import type { Member, ResponseHeader } from '../../../etcd/wire.js';
import { requireKnownCaller } from '../../rights/denial.js';
import type { MembersDeps } from './members.js';

const PEER_URLS_MAX = 32;
const MEMBER_ID = /^[0-9a-f]{1,16}$/i;

/** Each throws `permission-denied`, `invalid-request`, and `not-found` or `already-exists` of etcd. */
export async function addMember(
  caller: Caller,
  { etcd }: MembersDeps,
  peerUrls: unknown,
): Promise<{ readonly header: ResponseHeader; readonly member: Member }> {
  requireKnownCaller(caller);
  return etcd.memberAdd(caller, parsePeerUrls(peerUrls));
}

export async function updateMember(
  caller: Caller,
  { etcd }: MembersDeps,
  id: string,
  peerUrls: unknown,
): Promise<ResponseHeader> {
  requireKnownCaller(caller);
  return etcd.memberUpdate(caller, parseMemberId(id), parsePeerUrls(peerUrls));
}

export async function removeMember(
  caller: Caller,
  { etcd }: MembersDeps,
  id: string,
): Promise<ResponseHeader> {
  requireKnownCaller(caller);
  return etcd.memberRemove(caller, parseMemberId(id));
}

function parseMemberId(id: string): string {
  if (MEMBER_ID.test(id)) return id.toLowerCase().padStart(16, '0');
  throw new GatewayError('not-found', { detail: `there is no member ${id}` });
}

/** The messages about single URLs are those of etcd's own v2 API. */
function parsePeerUrls(peerUrls: unknown): string[] {
  if (
    peerUrls === undefined ||
    peerUrls === null ||
    (Array.isArray(peerUrls) && peerUrls.length === 0)
  )
    throw invalidRequest('/peerURLs', 'no valid URLs given');
  if (!Array.isArray(peerUrls) || peerUrls.length > PEER_URLS_MAX)
    throw invalidRequest('/peerURLs', `peerURLs must be a list of at most ${PEER_URLS_MAX} URLs`);
  return peerUrls.map((each: unknown) => {
    if (typeof each !== 'string') throw invalidRequest('/peerURLs', 'a peer URL must be a string');
    const text = each.trim();
    const problem = problemOf(text);
    if (problem !== undefined) throw invalidRequest('/peerURLs', `${problem}: ${text}`);
    return text;
  });
}

function problemOf(text: string): string | undefined {
  const [, scheme, authority = '', rest = ''] = /^([a-z]+):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  if (!/^(?:https?|unixs?)$/i.test(scheme ?? ''))
    return 'URL scheme must be http, https, unix, or unixs';
  if (!/^(?:\[[^\]]*\]|[^:]*):\d*$/.test(authority))
    return 'URL address does not have the form "host:port"';
  return rest.startsWith('/') ? 'URL must not contain a path' : undefined;
}
