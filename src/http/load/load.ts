// How much this process takes on. Requests in progress are counted and bounded; those that wait or stream are not among them, and are the
// first that are refused when it gets too much. Renewals and releases are never refused.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { GatewayError } from '../../core/errors.js';
import type { Pace } from './event-loop.js';
import { rawPathOf } from '../raw/paths.js';
import { isUpkeep } from '../request/classification.js';
import { onceOver } from '../server/response-end.js';

export interface LoadDeps {
  /** In progress at the same time. */
  readonly requestsMax: number;
  readonly pace: Pace;
  readonly onShed: (what: Shed) => void;
}

/** What was refused: a request, or one that wanted to wait or stream. */
export type Shed = 'request' | 'wait';

/** With more of `requestsMax` than this in progress, nobody new may wait or stream. */
const WAITS_SHARE = 0.8;
/** Those who are sent away together do not come back together. */
const RETRY_AFTER_SECONDS_MIN = 1;
const RETRY_AFTER_SECONDS_MAX = 5;

export class Load {
  readonly #deps: LoadDeps;
  /** Requests that wait or stream. */
  readonly #parked = new WeakSet<ServerResponse>();
  #active = 0;

  constructor(deps: LoadDeps) {
    this.#deps = deps;
  }

  /** Requests in progress. */
  get active(): number {
    return this.#active;
  }

  /** Middleware: counts each request until it is over. Throws `too-many-requests` for one too many. */
  admit(): RequestHandler {
    return (req, res, next) => {
      if (this.#active >= this.#deps.requestsMax && !isUpkeepRequest(req)) {
        throw this.#shed('request', `${this.#active} requests are in progress at this gateway`);
      }
      // The client left while it was authenticated: there is nothing to count and no client to serve.
      if (res.destroyed) return;
      this.#active++;
      onceOver(res, () => {
        if (!this.#parked.has(res)) this.#active--;
      });
      next();
    };
  }

  /** Call it when a request begins to wait or stream, once. Throws `too-many-requests` while the gateway is busy. */
  park(res: ServerResponse): void {
    if (!isUpkeepRequest(res.req)) this.#refuseWhenBusy();
    this.#parked.add(res);
    this.#active--;
  }

  #refuseWhenBusy(): void {
    const { requestsMax, pace } = this.#deps;
    if (pace.isLate) throw this.#shed('wait', 'the gateway is behind with its work');
    if (this.#active > requestsMax * WAITS_SHARE) {
      throw this.#shed('wait', `${this.#active} requests are in progress at this gateway`);
    }
  }

  #shed(what: Shed, detail: string): GatewayError {
    this.#deps.onShed(what);
    const spread = RETRY_AFTER_SECONDS_MAX - RETRY_AFTER_SECONDS_MIN + 1;
    return new GatewayError('too-many-requests', {
      detail,
      hint: what === 'wait' ? 'try without waiting, or come back later' : 'come back later',
      retryAfterSeconds: RETRY_AFTER_SECONDS_MIN + Math.floor(Math.random() * spread),
    });
  }
}

function isUpkeepRequest({ method = '', url = '' }: IncomingMessage): boolean {
  return isUpkeep(method, rawPathOf(url));
}
