// What clients did and saw: one record for each call.
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
  /** Undefined as long as the gateway, which makes it, has not told it. */
  token?: string | undefined;
  readonly isTokenChosen?: boolean;
  readonly mode?: Mode;
  readonly ttlSeconds?: number | null;
  /** 0 for all calls that do not wait. */
  readonly waitMs: number;
  /** The fencing token that a keepalive or a guarded write names. */
  readonly asksFor?: number | undefined;
  /** When "acquired" was told; of a hold before its end. */
  toldAt?: number;
  fencingToken?: number;
  /** Until when the answer says that the holding lasts unless somebody ends it; undefined without a ttl. */
  claimedUntil?: number | undefined;
  /** Of an applied guarded write. */
  revision?: number;
  /** Fencing tokens that an inspection showed. */
  holders?: readonly number[];
}

/** The end of an entry's key: who knows the token finds the entry. */
export function entryIdOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}

/** Whether the answer leaves no doubt of what was done. */
export function isDefinite(call: Call): boolean {
  return call.ending === 'answered' && call.status !== undefined && call.status < 500;
}

/** Whether the client was there, and waited or held, at that time. */
export function isConnectedAt(call: Call, at: number): boolean {
  return call.startedAt <= at && (call.endedAt === undefined || call.endedAt > at);
}
