// What clients sent and received: one record for each call.
import { createHash } from 'node:crypto';
import type { CallRecord } from '../harness/recording-user.js';

export type Mode = 'exclusive' | 'shared';

export type CallKind =
  | 'acquire'
  | 'hold'
  | 'keepalive'
  | 'release'
  | 'release-by-owner'
  | 'force'
  | 'guarded-write'
  | 'inspect';

export interface Call extends CallRecord {
  /** Names the call in reports; the metadata of the entry that it creates. */
  readonly id: string;
  readonly kind: CallKind;
  /** Also the owner. */
  readonly client: string;
  readonly lock: string;
  /** Undefined until the gateway returns the token that it generated. */
  token?: string | undefined;
  readonly isTokenChosen?: boolean;
  readonly mode?: Mode;
  readonly ttlSeconds?: number | null;
  /** 0 for all calls that do not wait. */
  readonly waitMs: number;
  /** The fencing token in a keepalive or a guarded write. */
  readonly requestedFencingToken?: number | undefined;
  /** When the client received "acquired". A hold receives it before its stream ends. */
  acquiredAt?: number;
  fencingToken?: number;
  /** The expiry time in the response; undefined without a ttl. */
  claimedUntil?: number | undefined;
  /** The revision of an applied guarded write. */
  revision?: number;
  /** Fencing tokens of the holders in an inspection. */
  holders?: readonly number[];
}

/** Returns the last part of an entry's key, which depends on the token alone. */
export function entryIdOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}

/** Whether the response states definitely what was done. */
export function isDefinite(call: Call): boolean {
  return call.ending === 'answered' && call.status !== undefined && call.status < 500;
}

/** Whether the client was connected at that time. */
export function isConnectedAt(call: Call, at: number): boolean {
  return call.startedAt <= at && (call.endedAt === undefined || call.endedAt > at);
}
