// The body of a watch of a user of etcd, on its way: each request on it is read whole, rewritten and passed on as soon as it is there, in
// the order in which they come. With a request that is refused it ends.
import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { invalidRequest } from '../../core/errors.js';
import { JsonSplitter } from '../../etcd/transport/json-splitter.js';
import { rewriteWatchRequest } from './watch-request.js';

/** Of one request on the stream: a key as long as half of it. */
export const WATCH_REQUEST_BYTES_MAX = 262_144;

export class WatchBody extends Transform {
  readonly #requests = new JsonSplitter(WATCH_REQUEST_BYTES_MAX, (what) =>
    invalidRequest('', what),
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
    done(this.#requests.isInObject ? invalidRequest('', 'the body ends in a request') : null);
  }
}
