// Rewrites the body of an etcd user's watch while it passes: each watch request is passed on, in order, as soon as it is complete.
// A rejected watch request ends the body.
import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { invalidRequest } from '../../core/errors.js';
import { JsonSplitter } from '../../etcd/transport/json-splitter.js';
import { rewriteWatchRequest } from './watch-request.js';

/** For one watch request; a key may have about half of it. */
export const WATCH_REQUEST_BYTES_MAX = 262_144;

export class WatchBody extends Transform {
  readonly #requests = new JsonSplitter(WATCH_REQUEST_BYTES_MAX, (detail) =>
    invalidRequest('', detail),
  );

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      for (const request of this.#requests.push(chunk)) this.push(rewriteWatchRequest(request));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    done(
      this.#requests.isInObject ? invalidRequest('', 'the body ends within a watch request') : null,
    );
  }
}
