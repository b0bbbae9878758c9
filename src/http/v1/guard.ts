// Guards in requests: an object in a JSON body, or two query parameters.
import { invalidRequest } from '../../core/errors.js';
import type { Guard } from '../../domain/locks/guard.js';
import type { OperationQuery, Schema } from '../contract/operation-types.js';
import { refuseDoubleEncoding } from './lock-body.js';

export type GuardQuery = Pick<OperationQuery<'putKey'>, 'guardLock' | 'guardToken'>;

/** Throws `invalid-request` if only one of the two parameters is present, and for a name that was percent-encoded twice. */
export function parseGuardQuery({ guardLock, guardToken }: GuardQuery): Guard | undefined {
  if (guardLock === undefined && guardToken === undefined) return undefined;
  if (guardLock === undefined)
    throw invalidRequest('guardLock', 'guardToken requires guardLock, the name of the lock');
  if (guardToken === undefined)
    throw invalidRequest('guardToken', "guardLock requires guardToken, the holder's fencing token");
  refuseDoubleEncoding(guardLock, 'guardLock');
  return { lock: guardLock, fencingToken: guardToken, field: 'guardLock' };
}

export function toGuard({ lock, fencingToken }: Schema<'Guard'>): Guard {
  return { lock, fencingToken, field: '/guard/lock' };
}
