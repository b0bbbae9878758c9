// GET /v1/watch: an event stream for browsers, JSON lines for programs, and long polls. One hub serves all of them.
import { Router } from 'express';
import type { Request } from 'express';
import { invalidRequest } from '../../core/errors.js';
import type { ReservedKeys } from '../../domain/reserved.js';
import type { HubRequest } from '../../domain/watch/hub.js';
import { parsePosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import { readParameters } from '../contract/documented-request.js';
import type { OperationQuery } from '../contract/operation-types.js';
import type { Validator } from '../contract/validate.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import { contextOf } from '../request/context.js';
import { parseKey } from './key-text.js';
import { OpenWatches } from './open-watches.js';
import { parseRange } from './range-query.js';
import { negotiate, skipHead } from './responses.js';
import type { StreamFormat } from './watch-frames.js';
import { sendPoll } from './watch-poll.js';
import { sendEmptyStream, streamWatch } from './watch-stream.js';
import type { WatchDeps, WatchSubscription } from './watch-subscription.js';

export interface WatchRouterDeps extends Omit<WatchDeps, 'open'> {
  readonly reserved: ReservedKeys;
  readonly validator: Validator;
  readonly streams: StreamLimiter;
}

type WatchQuery = OperationQuery<'watchKeys'>;

export function createWatchRouter(deps: WatchRouterDeps): Router {
  const { validator, streams } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const watchDeps: WatchDeps = { ...deps, open: new OpenWatches(deps.draining) };
  router.get('/v1/watch', skipHead, async (req, res) => {
    const { query } = readParameters(req, validator.operation('watchKeys'));
    const subscription = toSubscription(deps, req, query);
    const format = query.wait === undefined ? negotiateFormat(req) : undefined;
    try {
      streams.enter(res);
    } catch (error) {
      // EventSource does not reconnect after an error status.
      if (format !== 'sse') throw error;
      sendEmptyStream(res);
      return;
    }
    if (format !== undefined) await streamWatch(watchDeps, req, res, subscription, format);
    else await sendPoll(watchDeps, req, res, subscription, query.wait ?? 0);
  });
  return router;
}

function toSubscription(deps: WatchRouterDeps, req: Request, query: WatchQuery): WatchSubscription {
  const { identity } = contextOf(req).caller;
  const { keyEncoding, previous = false } = query;
  const range = parseWatchedRange(query);
  deps.reserved.refuseRead(range.key);
  return {
    request: { identity, range, since: parseStart(req, query), previous },
    keyEncoding,
    previous,
  };
}

function parseWatchedRange(query: WatchQuery): HubRequest['range'] {
  if (query.key === undefined) return parseRange(query);
  const conflict = (['prefix', 'start', 'end'] as const).find((name) => query[name] !== undefined);
  if (conflict !== undefined)
    throw invalidRequest(conflict, `key and ${conflict} cannot be combined`);
  return { key: parseKey(query.key, query.keyEncoding) };
}

/** A browser that reconnects repeats the URL, including `since`, and adds the ID of its last event, which takes precedence. */
function parseStart(req: Request, query: WatchQuery): Position | undefined {
  const lastEventId = req.headers['last-event-id'];
  if (typeof lastEventId === 'string' && lastEventId !== '')
    return parsePosition(lastEventId, 'Last-Event-ID');
  if (query.lastEventId !== undefined && query.lastEventId !== '')
    return parsePosition(query.lastEventId, 'lastEventId');
  return query.since === undefined ? undefined : parsePosition(query.since, 'since');
}

function negotiateFormat(req: Request): StreamFormat {
  const mediaType = negotiate(
    req,
    ['application/x-ndjson', 'text/event-stream'],
    'accept text/event-stream or application/x-ndjson, or pass wait= for a long poll',
  );
  return mediaType === 'text/event-stream' ? 'sse' : 'ndjson';
}
