// GET /v1/watch: an event stream for browsers, JSON lines for programs, a long poll for everybody else; one hub behind them.
import { Router } from 'express';
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { ReservedKeys } from '../../domain/reserved.js';
import type { HubRequest } from '../../domain/watch/hub.js';
import { parsePosition } from '../../domain/watch/position.js';
import type { Position } from '../../domain/watch/position.js';
import { contextOf } from '../request/context.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import type { Validator } from '../contract/validate.js';
import { parseKey } from './key-text.js';
import { queryOf, rangeOf } from './range-query.js';
import type { RangeQuery } from './range-query.js';
import type { ServeDeps, WatchCall } from './watch-call.js';
import { OpenWatches } from './watch-open.js';
import { servePoll } from './watch-poll.js';
import { sendAway, serveStream } from './watch-stream.js';

export interface WatchRouterDeps extends Omit<ServeDeps, 'open'> {
  readonly reserved: ReservedKeys;
  readonly validator: Validator;
  readonly streams: StreamLimiter;
}

interface WatchQuery extends RangeQuery {
  readonly since?: string;
  readonly lastEventId?: string;
  readonly previous?: boolean;
  readonly wait?: number;
}

export function createWatchRouter(deps: WatchRouterDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const serving: ServeDeps = { ...deps, open: new OpenWatches(deps.draining) };
  router.get('/v1/watch', async (req, res, next) => {
    // It would never end.
    if (req.method === 'HEAD') {
      next();
      return;
    }
    const query = deps.validator.operation('watchKeys').query(queryOf(req)) as WatchQuery;
    const call = toCall(deps, req, query);
    const format = query.wait === undefined ? formatOf(req) : undefined;
    try {
      deps.streams.enter(res);
    } catch (error) {
      // Anything but 200 stops EventSource for good.
      if (format !== 'sse') throw error;
      sendAway(res);
      return;
    }
    if (format !== undefined) await serveStream(serving, req, res, call, format);
    else await servePoll(serving, req, res, call, query.wait ?? 0);
  });
  return router;
}

function toCall(deps: WatchRouterDeps, req: Request, query: WatchQuery): WatchCall {
  const { identity } = contextOf(req).caller;
  const { keyEncoding, previous = false } = query;
  const range = watchedRange(query);
  deps.reserved.refuseRead(range.key);
  return {
    request: { identity, range, since: positionOf(req, query), previous },
    keyEncoding,
    previous,
  };
}

function watchedRange(query: WatchQuery): HubRequest['range'] {
  if (query.key === undefined) return rangeOf(query);
  const beside = (['prefix', 'start', 'end'] as const).find((name) => query[name] !== undefined);
  if (beside !== undefined) throw invalidRequest(beside, `key and ${beside} exclude each other`);
  return { key: parseKey(query.key, query.keyEncoding) };
}

// A browser that reconnects repeats the address, `since` and all, and adds where it is: that is what counts.
function positionOf(req: Request, query: WatchQuery): Position | undefined {
  const lastEventId = req.headers['last-event-id'];
  if (typeof lastEventId === 'string' && lastEventId !== '')
    return parsePosition(lastEventId, 'Last-Event-ID');
  if (query.lastEventId !== undefined && query.lastEventId !== '')
    return parsePosition(query.lastEventId, 'lastEventId');
  return query.since === undefined ? undefined : parsePosition(query.since, 'since');
}

function formatOf(req: Request): 'sse' | 'ndjson' {
  const { accept } = req.headers;
  if (accept === undefined || accept === '*/*') return 'ndjson';
  const chosen = req.accepts(['application/x-ndjson', 'text/event-stream']);
  if (chosen === 'text/event-stream') return 'sse';
  if (chosen !== false) return 'ndjson';
  throw new GatewayError('not-acceptable', {
    detail: `Accept is ${JSON.stringify(accept)}`,
    hint: 'accept text/event-stream or application/x-ndjson, or pass wait= for a long poll',
  });
}
