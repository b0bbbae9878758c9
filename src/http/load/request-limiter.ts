// Limits the requests in progress at this process. Requests that wait or stream do not count, but are rejected first under load.
// Renewals and releases are never rejected.
import type { RequestHandler, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { contextOf } from '../request/context.js';
import { onResponseEnd } from '../server/response-end.js';
import type { EventLoopMonitor } from './event-loop-monitor.js';

export interface RequestLimiterDeps {
  /** In progress at the same time. */
  readonly requestsMax: number;
  readonly eventLoop: Pick<EventLoopMonitor, 'isLate'>;
  readonly onRejected: (what: 'request' | 'wait') => void;
}

/** With more than this share of `requestsMax` in progress, no further request may wait or stream. */
const WAITS_SHARE = 0.8;
/** A random time between these, so that clients that are rejected together do not retry together. */
const RETRY_AFTER_SECONDS_MIN = 1;
const RETRY_AFTER_SECONDS_MAX = 5;

export class RequestLimiter {
  readonly #deps: RequestLimiterDeps;
  /** Responses of requests that wait or stream. */
  readonly #waiting = new WeakSet<Response>();
  #active = 0;

  constructor(deps: RequestLimiterDeps) {
    this.#deps = deps;
  }

  /** Requests in progress. */
  get active(): number {
    return this.#active;
  }

  /** Returns middleware that counts each request until its response ends. Throws `too-many-requests` for an excess request. */
  admit(): RequestHandler {
    return (req, res, next) => {
      const { requestsMax } = this.#deps;
      if (this.#active >= requestsMax && !contextOf(req).requestClass.isRenewalOrRelease) {
        throw this.#reject('request', `${this.#active} requests are in progress at this gateway`);
      }
      // The client disconnected during authentication. A count that starts now would never be reduced.
      if (res.destroyed) return;
      this.#active++;
      onResponseEnd(res, () => {
        if (!this.#waiting.has(res)) this.#active--;
      });
      next();
    };
  }

  /** Call it once when a request begins to wait or stream. Throws `too-many-requests` while the gateway is busy. */
  admitWait(res: Response): void {
    if (!contextOf(res.req).requestClass.isRenewalOrRelease) this.#rejectIfBusy();
    this.#waiting.add(res);
    this.#active--;
  }

  #rejectIfBusy(): void {
    const { requestsMax, eventLoop } = this.#deps;
    if (eventLoop.isLate)
      throw this.#reject('wait', 'the gateway is overloaded: its timers run late');
    if (this.#active > requestsMax * WAITS_SHARE) {
      throw this.#reject('wait', `${this.#active} requests are in progress at this gateway`);
    }
  }

  #reject(what: 'request' | 'wait', detail: string): GatewayError {
    this.#deps.onRejected(what);
    const spread = RETRY_AFTER_SECONDS_MAX - RETRY_AFTER_SECONDS_MIN + 1;
    return new GatewayError('too-many-requests', {
      detail,
      hint: what === 'wait' ? 'retry without wait, or retry later' : 'retry later',
      retryAfterSeconds: RETRY_AFTER_SECONDS_MIN + Math.floor(Math.random() * spread),
    });
  }
}
