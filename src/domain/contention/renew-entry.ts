// A caller renews what he holds. 200 only for a holder whose entry was there before and after the renewal: keeping a lease alive
// last would answer 200 for an entry that is gone.
import type { Caller } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import type { EtcdClient } from '../../etcd/client.js';
import { afterWrite, beforeWrite } from '../../etcd/calls/outcome.js';
import type { Entry } from './entry.js';
import { findByToken } from './inspect.js';
import type { Arena } from './key.js';
import { renewOnce } from './renewal.js';
import type { Lifetime } from './renewal.js';
import { look } from './steps.js';

export interface Renewed {
  readonly fencingToken: number;
  /** Undefined for a holding without a ttl: there was nothing to renew. */
  readonly lifetime: Lifetime | undefined;
}

export interface RenewRequest {
  readonly arena: Arena;
  readonly token: string;
  /** Of the holding that the caller means; another one of the same token is not renewed. */
  readonly fencingToken?: number | undefined;
}

/** Throws `lock-expired` for an entry that is gone or another one, `not-holder` for a waiter. */
export async function renewEntry(
  caller: Caller,
  etcd: EtcdClient,
  request: RenewRequest,
): Promise<Renewed> {
  const entry = await beforeWrite(findByToken(caller, etcd, request.arena, request.token));
  const isMeant =
    request.fencingToken === undefined || request.fencingToken === entry?.createRevision;
  if (entry === undefined || !isMeant) throw expired();
  const lifetime =
    entry.lease === undefined ? undefined : await renewOnce(caller, etcd, entry.lease, entry.key);
  if (entry.lease !== undefined && lifetime === undefined) throw expired();
  await afterWrite(confirmHolder(caller, etcd, request.arena, entry));
  return { fencingToken: entry.createRevision, lifetime };
}

/** Resolves when the entry is there with its create revision and holds. */
async function confirmHolder(
  caller: Caller,
  etcd: EtcdClient,
  arena: Arena,
  entry: Entry,
): Promise<void> {
  const { key: own, mode, createRevision } = entry;
  const seen = await look(caller, etcd, { arena, mode, own }, createRevision);
  if (seen.own?.createRevision !== createRevision) throw expired();
  if (seen.blocker === undefined) return;
  throw new GatewayError('not-holder', {
    detail: 'this token waits; it does not hold',
    hint: 'the request that waits is renewed by the gateway itself',
  });
}

function expired(): GatewayError {
  return new GatewayError('lock-expired', {
    detail: 'there is no such holding any more: it was released, broken, or its ttl ran out',
    hint: 'stop the work it protected, and acquire again with a new token',
  });
}
