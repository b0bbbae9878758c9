// One line and one number a request, written by hand: pino-http costs ten times as much. Paths only: queries may carry tokens.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GATEWAY_IDENTITY } from '../../core/caller.js';
import type { Log } from '../../process/log.js';
import { callerOf, requestIdOf } from '../request/context.js';
import { errorCodeOf } from '../response/error-code.js';
import { routeNameOf } from '../request/route-name.js';
import { traceIdOf } from '../request/traceparent.js';
import { onceOver } from './response-end.js';

export interface RequestMeter {
  /** `route` is a template; `status` is `aborted` when the caller left before there was one. */
  served(method: string, route: string, status: string, seconds: number): void;
}

export interface AccessLogDeps {
  readonly log: Log;
  readonly requests: RequestMeter;
}

export function createAccessLog({ log, requests }: AccessLogDeps): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const startedAt = performance.now();
    // Once the connection is closed its address is gone.
    const from = req.socket.remoteAddress;
    onceOver(res, () => {
      const ms = performance.now() - startedAt;
      const code = errorCodeOf(res);
      const status = res.headersSent ? String(res.statusCode) : 'aborted';
      requests.served(req.method, routeNameOf(req), status, ms / 1000);
      log.info({
        requestId: requestIdOf(req),
        ...whoOf(req),
        from,
        method: req.method,
        path: req.originalUrl.split('?', 1)[0],
        status: res.statusCode,
        ...(code !== undefined && { code }),
        ms: Math.round(ms * 10) / 10,
        ...(!res.writableFinished && { aborted: true }),
      });
    });
    next();
  };
}

function whoOf(req: Request): { by?: string; traceId?: string } {
  const caller = callerOf(req);
  if (caller === undefined) return {};
  const { identity, traceparent } = caller;
  return {
    ...(identity.key !== GATEWAY_IDENTITY.key && { by: identity.name }),
    ...(traceparent !== undefined && { traceId: traceIdOf(traceparent) }),
  };
}
