// Limits the bytes of request bodies that are in memory, over all requests: counted while a body is read, until its request is over.
import type { Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { rawPathOf } from '../raw/paths.js';
import { isUpkeep } from '../request/classification.js';

export interface BodyMemoryDeps {
  readonly bytesMax: number;
  readonly onShed: (what: 'body-bytes') => void;
}

/** The part of one request. */
export interface BodyShare {
  /** The request holds this many bytes now. Throws `too-many-requests` if they are too many; never for a renewal or a release. */
  hold(bytes: number): void;
}

const RETRY_AFTER_SECONDS = 1;

export class BodyMemory {
  readonly #deps: BodyMemoryDeps;
  #bytes = 0;

  constructor(deps: BodyMemoryDeps) {
    this.#deps = deps;
  }

  /** Of all bodies together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ends when the response is closed. A response that is closed already would never report it: nothing is counted for it. */
  share(res: Response): BodyShare {
    const { method, url } = res.req;
    const isRefusable = !isUpkeep(method, rawPathOf(url));
    let held = 0;
    let isOver = res.destroyed || res.closed;
    res.once('close', () => {
      isOver = true;
      this.#bytes -= held;
      held = 0;
    });
    return {
      hold: (bytes) => {
        if (isOver) return;
        const total = this.#bytes - held + bytes;
        if (isRefusable && bytes > held && total > this.#deps.bytesMax) throw this.#tooMuch();
        this.#bytes = total;
        held = bytes;
      },
    };
  }

  #tooMuch(): GatewayError {
    const { bytesMax, onShed } = this.#deps;
    onShed('body-bytes');
    return new GatewayError('too-many-requests', {
      detail: `the request bodies at this gateway have more than ${bytesMax} bytes`,
      hint: 'repeat the request later, or raise --body-memory / LATCHKEY_BODY_MEMORY',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
}
