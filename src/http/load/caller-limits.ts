// Limits what one client may do: requests per second, and concurrent waits and streams. Clients are distinguished by their identity, or without
// authentication by their address.
import type { Request, RequestHandler, Response } from 'express';
import { GATEWAY_IDENTITY, UNAUTHENTICATED_IDENTITY } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { contextOf } from '../request/context.js';
import { onResponseEnd } from '../server/response-end.js';
import { TokenBuckets } from './token-buckets.js';

export interface CallerLimitsSettings {
  /** Requests per second; undefined for no limit. */
  readonly callerRate?: number | undefined;
  /** Waits and streams; undefined for no limit besides those of the gateway. */
  readonly callerStreamsMax?: number | undefined;
}

/** A burst may have the requests of this many seconds. */
const BURST_SECONDS = 2;
const STREAMS_RETRY_AFTER_SECONDS = 5;

export class CallerLimits {
  readonly #settings: CallerLimitsSettings;
  readonly #onRejected: (what: 'caller-rate' | 'caller-streams') => void;
  readonly #openByKey = new Map<string, number>();

  constructor(
    settings: CallerLimitsSettings,
    onRejected: (what: 'caller-rate' | 'caller-streams') => void,
  ) {
    this.#settings = settings;
    this.#onRejected = onRejected;
  }

  /** Returns middleware. Mount it after authentication. Throws `too-many-requests`; renewals and releases count, but always pass. */
  rate(): RequestHandler {
    const { callerRate } = this.#settings;
    if (callerRate === undefined) return (_req, _res, next) => next();
    const buckets = new TokenBuckets(callerRate, callerRate * BURST_SECONDS);
    return (req, _res, next) => {
      const waitSeconds = buckets.take(callerKeyOf(req));
      if (waitSeconds > 0 && !contextOf(req).requestClass.isRenewalOrRelease) {
        this.#onRejected('caller-rate');
        throw new GatewayError('too-many-requests', {
          detail: `this client sends more than ${callerRate} requests per second`,
          retryAfterSeconds: Math.ceil(waitSeconds),
        });
      }
      next();
    };
  }

  /** Counts a wait or stream of the client until its response ends. Throws `too-many-requests` for an excess one. */
  admitWait(res: Response): void {
    const { callerStreamsMax } = this.#settings;
    if (callerStreamsMax === undefined) return;
    const key = callerKeyOf(res.req);
    const count = this.#openByKey.get(key) ?? 0;
    if (count >= callerStreamsMax) {
      this.#onRejected('caller-streams');
      throw new GatewayError('too-many-requests', {
        detail: `this client already has ${callerStreamsMax} open waits and streams`,
        hint: 'close one, or retry later',
        retryAfterSeconds: STREAMS_RETRY_AFTER_SECONDS,
      });
    }
    this.#openByKey.set(key, count + 1);
    onResponseEnd(res, () => {
      const left = (this.#openByKey.get(key) ?? 1) - 1;
      if (left > 0) this.#openByKey.set(key, left);
      else this.#openByKey.delete(key);
    });
  }
}

/** Never depends on a header, because the client chooses its content. */
function callerKeyOf(req: Request): string {
  const { key } = contextOf(req).caller.identity;
  const isAuthenticated = key !== GATEWAY_IDENTITY.key && key !== UNAUTHENTICATED_IDENTITY.key;
  return isAuthenticated ? key : addressKeyOf(req);
}

/** Returns a key for the address of the client. */
export function addressKeyOf(req: Request): string {
  return `address:${networkOf(req.socket.remoteAddress)}`;
}

/** Returns an IPv4 address, or the first half of an IPv6 address: one IPv6 client usually has 2^64 addresses. */
function networkOf(address = ''): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array<string>(zeros).fill('0'), ...rest].slice(0, 4).join(':');
}
