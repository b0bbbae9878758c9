// Limits the streams that this process serves, and admits the requests that wait.
import type { Response } from 'express';
import { ClientDisconnectedError, GatewayError } from '../../core/errors.js';
import { onResponseEnd } from '../server/response-end.js';

const FULL_RETRY_AFTER_SECONDS = 5;

/** One further check of a request that wants to wait or stream. */
export interface Admission {
  /** Throws `too-many-requests`: the gateway is busy, or this client has reached its limit. */
  admitWait(res: Response): void;
}

/** Counts streams and rejects excess ones. Waits for locks pass the same `admissions`, but are counted in the domain. */
export class StreamLimiter {
  readonly #max: number;
  readonly #admissions: readonly Admission[];
  #count = 0;

  constructor(max: number, admissions: readonly Admission[] = []) {
    this.#max = max;
    this.#admissions = admissions;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts the stream until its response ends. Throws the errors of `enterWait`. */
  enter(res: Response): void {
    if (this.#count >= this.#max) {
      throw new GatewayError('too-many-requests', {
        detail: `${this.#max} streams are open at this gateway`,
        hint: 'close one, or retry later',
        retryAfterSeconds: FULL_RETRY_AFTER_SECONDS,
      });
    }
    this.enterWait(res);
    this.#count++;
    onResponseEnd(res, () => this.#count--);
  }

  /** Admits a request that waits for one response. Throws `too-many-requests`, and `etcd-unavailable` after the client disconnected. */
  enterWait(res: Response): void {
    // The `close` event has passed. A count that starts now would never be reduced.
    if (res.destroyed) throw new ClientDisconnectedError();
    for (const admission of this.#admissions) admission.admitWait(res);
  }
}
