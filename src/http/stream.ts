// Event streams: the headers that keep proxies from buffering, heartbeats, and an end that is always told.
import type { Response } from 'express';
import { GatewayError } from '../errors.js';

/** A comment this often keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
const FULL_RETRY_AFTER_SECONDS = 5;

/** How many streams this process serves; one too many is refused. */
export class StreamRoom {
  readonly #max: number;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts until the response is over. Throws `too-many-requests`. */
  enter(res: Response): void {
    if (this.#count >= this.#max) {
      throw new GatewayError('too-many-requests', {
        detail: `${this.#max} streams are open at this gateway`,
        hint: 'close one, or come back later',
        retryAfterSeconds: FULL_RETRY_AFTER_SECONDS,
      });
    }
    this.#count++;
    res.once('close', () => this.#count--);
  }
}

export interface EventStream {
  /** False: the client reads too slowly, and what is sent on top is buffered. */
  send(event: string, data: unknown, id?: string): boolean;
  readonly isOpen: boolean;
  /** Calls back when a slow client has caught up. */
  onDrain(callback: () => void): void;
  end(): void;
}

/** Sends the headers at once; from then on errors travel in-band. */
export function openEventStream(res: Response): EventStream {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Accel-Buffering', 'no');
  res.flushHeaders();
  // Express routes HEAD to GET: the headers are all that it asks for.
  if (res.req.method === 'HEAD') res.end();
  const heartbeat = setInterval(() => res.write(':\n\n'), HEARTBEAT_MS);
  res.once('close', () => clearInterval(heartbeat));
  return {
    send(event, data, id) {
      if (res.writableEnded || res.destroyed) return true;
      const idLine = id === undefined ? '' : `id: ${id}\n`;
      return res.write(`event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`);
    },
    get isOpen() {
      return !res.writableEnded && !res.destroyed;
    },
    onDrain: (callback) => void res.once('drain', callback),
    end: () => {
      clearInterval(heartbeat);
      res.end();
    },
  };
}
