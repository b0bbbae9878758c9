// Streams of `state` events: the whole state of a lock or an election whenever it changes, until the
// caller may not look any more. A slow reader skips states, never the last one.
import type { Response } from 'express';
import type { StateFeeds, StateSource } from '../../domain/contention/state-feed.js';
import { requestIdOf } from '../request/context.js';
import { noteErrorCode } from '../response/error-code.js';
import { toProblem } from '../response/problem.js';
import { openEventStream } from '../response/event-stream.js';
import { onceOver } from '../server/response-end.js';

export interface StatesDeps<T> {
  readonly feeds: StateFeeds<T>;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

export function serveStates<T>(
  deps: StatesDeps<T>,
  res: Response,
  source: StateSource<T>,
  toBody: (state: T) => unknown,
): void {
  const stream = openEventStream(res);
  let isBehind = false;
  let sent = '';
  let skipped: { state: T } | undefined;
  const send = (state: T): void => {
    if (isBehind) {
      skipped = { state };
      return;
    }
    const body = toBody(state);
    // What changed may be something that is not shown.
    const text = JSON.stringify(body);
    if (text === sent) return;
    sent = text;
    if (stream.send('state', body)) return;
    isBehind = true;
    stream.onDrain(() => {
      isBehind = false;
      const latest = skipped;
      skipped = undefined;
      if (latest !== undefined) send(latest.state);
    });
  };
  const unfollow = deps.feeds.follow(source, {
    onState: send,
    onRefused(error) {
      noteErrorCode(res, error.code);
      stream.send('error', toProblem(error, requestIdOf(res.req)));
      stream.end();
    },
  });
  const drain = (): void => stream.end();
  deps.draining.addEventListener('abort', drain);
  onceOver(res, () => {
    unfollow();
    deps.draining.removeEventListener('abort', drain);
  });
}
