// A guard as callers write it: an object in a JSON body, or two query parameters for bodies that are bytes and requests that have none.
import { invalidRequest } from '../../core/errors.js';
import type { Guard } from '../../domain/locks/guard.js';
import { refuseDoubleEncoding } from './lock-body.js';

export interface GuardBody {
  readonly lock: string;
  readonly fencingToken: number;
}

export interface GuardQuery {
  readonly guardLock?: string;
  readonly guardToken?: number;
}

/** Throws `invalid-request` for one of the two parameters without the other, and for a name that was percent-encoded twice. */
export function guardOfQuery({ guardLock, guardToken }: GuardQuery): Guard | undefined {
  if (guardLock === undefined && guardToken === undefined) return undefined;
  if (guardLock === undefined)
    throw invalidRequest('guardLock', 'guardToken needs guardLock, the name of the lock');
  if (guardToken === undefined)
    throw invalidRequest('guardToken', "guardLock needs guardToken, the holder's fencing token");
  refuseDoubleEncoding(guardLock, 'guardLock');
  return { lock: guardLock, fencingToken: guardToken, field: 'guardLock' };
}

export function guardOfBody({ lock, fencingToken }: GuardBody): Guard {
  return { lock, fencingToken, field: '/guard/lock' };
}
