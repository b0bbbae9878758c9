// Writes one log line and one metric for each request, without pino-http, which takes ten times as long. Omits queries: they may contain tokens.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GATEWAY_IDENTITY } from '../../core/caller.js';
import type { Caller } from '../../core/caller.js';
import type { Log } from '../../process/log.js';
import { contextOf } from '../request/context.js';
import { errorCodeOf } from '../response/error-code.js';
import { routeNameOf } from '../request/route-name.js';
import { traceIdOf } from '../request/traceparent.js';
import { onResponseEnd } from './response-end.js';

export interface RequestMeter {
  /** `route` is a template. `status` is `aborted` if the client disconnected before the headers were sent. */
  served(method: string, route: string, status: string, seconds: number): void;
}

export interface AccessLogDeps {
  readonly log: Log;
  readonly requests: RequestMeter;
}

export function createAccessLog({ log, requests }: AccessLogDeps): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const startedAt = performance.now();
    // Read now, because a closed connection has no address.
    const from = req.socket.remoteAddress;
    onResponseEnd(res, () => {
      const ms = performance.now() - startedAt;
      const { requestId, requestClass, caller } = contextOf(req);
      const code = errorCodeOf(res);
      const status = res.headersSent ? String(res.statusCode) : 'aborted';
      requests.served(req.method, routeNameOf(req), status, ms / 1000);
      log.info({
        requestId,
        ...clientFields(caller),
        from,
        method: req.method,
        path: requestClass.path,
        status: res.statusCode,
        ...(code !== undefined && { code }),
        ms: Math.round(ms * 10) / 10,
        ...(!res.writableFinished && { aborted: true }),
      });
    });
    next();
  };
}

function clientFields({ identity, traceparent }: Caller): { by?: string; traceId?: string } {
  return {
    ...(identity.key !== GATEWAY_IDENTITY.key && { by: identity.name }),
    ...(traceparent !== undefined && { traceId: traceIdOf(traceparent) }),
  };
}
