// Limits the memory of all request bodies together: counted while a body arrives, until the response to its request ends.
import type { Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { contextOf } from '../request/context.js';

export interface BodyMemoryDeps {
  readonly bytesMax: number;
  readonly onRejected: (what: 'body-bytes') => void;
}

/** The memory of one request's body. */
export interface BodyShare {
  /** Sets the bytes that the request holds. Throws `too-many-requests` if all bodies exceed the limit, but not for renewals and releases. */
  hold(bytes: number): void;
}

const RETRY_AFTER_SECONDS = 1;

export class BodyMemory {
  readonly #deps: BodyMemoryDeps;
  #bytes = 0;

  constructor(deps: BodyMemoryDeps) {
    this.#deps = deps;
  }

  /** The bytes of all bodies together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The share ends when the response closes. For a response that is closed it counts nothing, because `close` would not be emitted again. */
  share(res: Response): BodyShare {
    const { isRenewalOrRelease } = contextOf(res.req).requestClass;
    let held = 0;
    let isClosed = res.destroyed || res.closed;
    res.once('close', () => {
      isClosed = true;
      this.#bytes -= held;
      held = 0;
    });
    return {
      hold: (bytes) => {
        if (isClosed) return;
        const total = this.#bytes - held + bytes;
        if (!isRenewalOrRelease && bytes > held && total > this.#deps.bytesMax)
          throw this.#reject();
        this.#bytes = total;
        held = bytes;
      },
    };
  }

  #reject(): GatewayError {
    const { bytesMax, onRejected } = this.#deps;
    onRejected('body-bytes');
    return new GatewayError('too-many-requests', {
      detail: `the request bodies at this gateway have more than ${bytesMax} bytes`,
      hint: 'retry later, or raise --body-memory (LATCHKEY_BODY_MEMORY)',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
}
