// What one caller may ask for: requests a second, and waits and streams at a time. A caller is whom the gateway knows him as; without
// authentication, the address that he calls from.
import type { Request, RequestHandler, Response } from 'express';
import { GATEWAY_IDENTITY, UNAUTHENTICATED_IDENTITY } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { contextOf } from '../request/context.js';
import { rawPathOf } from '../raw/paths.js';
import { TokenBuckets } from './token-buckets.js';
import { isUpkeep } from '../request/classification.js';
import { onceOver } from '../server/response-end.js';

export interface CallerLimitsSettings {
  /** Absent: as many as he likes. */
  readonly callerRate?: number | undefined;
  /** Waits and streams; absent: as many as anybody. */
  readonly callerStreamsMax?: number | undefined;
}

export type CallerRefusal = 'caller-rate' | 'caller-streams';

/** A burst may be as long as this much of the rate. */
const BURST_SECONDS = 2;
const STREAMS_RETRY_AFTER_SECONDS = 5;

export class CallerLimits {
  readonly #settings: CallerLimitsSettings;
  readonly #onRefused: (what: CallerRefusal) => void;
  readonly #open = new Map<string, number>();

  constructor(settings: CallerLimitsSettings, onRefused: (what: CallerRefusal) => void) {
    this.#settings = settings;
    this.#onRefused = onRefused;
  }

  /** Middleware, behind authentication. Throws `too-many-requests`; renewals and releases pass, and count. */
  rate(): RequestHandler {
    const { callerRate } = this.#settings;
    if (callerRate === undefined) return (_req, _res, next) => next();
    const buckets = new TokenBuckets(callerRate, callerRate * BURST_SECONDS);
    return (req, _res, next) => {
      const waitSeconds = buckets.take(callerKeyOf(req));
      if (waitSeconds > 0 && !isUpkeep(req.method, rawPathOf(req.url))) {
        this.#onRefused('caller-rate');
        throw new GatewayError('too-many-requests', {
          detail: `one caller may make ${callerRate} requests a second`,
          retryAfterSeconds: Math.ceil(waitSeconds),
        });
      }
      next();
    };
  }

  /** Counts a wait or stream of this caller until it is over. Throws `too-many-requests` for one too many. */
  park(res: Response): void {
    const { callerStreamsMax } = this.#settings;
    if (callerStreamsMax === undefined) return;
    const key = callerKeyOf(res.req);
    const count = this.#open.get(key) ?? 0;
    if (count >= callerStreamsMax) {
      this.#onRefused('caller-streams');
      throw new GatewayError('too-many-requests', {
        detail: `one caller may have ${callerStreamsMax} waits and streams open`,
        hint: 'close one, or come back later',
        retryAfterSeconds: STREAMS_RETRY_AFTER_SECONDS,
      });
    }
    this.#open.set(key, count + 1);
    onceOver(res, () => {
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    });
  }
}

/** Never a header: whoever sends it chooses what is in it. */
function callerKeyOf(req: Request): string {
  const { key } = contextOf(req).caller.identity;
  const isKnown = key !== GATEWAY_IDENTITY.key && key !== UNAUTHENTICATED_IDENTITY.key;
  return isKnown ? key : addressKeyOf(req);
}

/** Who calls, as far as his address tells. */
export function addressKeyOf(req: Request): string {
  return `address:${networkOf(req.socket.remoteAddress)}`;
}

/** An IPv6 caller has 2^64 addresses to choose from: the first half is his. */
function networkOf(address = ''): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array<string>(zeros).fill('0'), ...rest].slice(0, 4).join(':');
}
