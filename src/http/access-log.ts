// One line a request, written by hand: pino-http costs ten times as much. Paths only: queries may carry tokens.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Log } from '../log.js';
import { requestIdOf } from './context.js';

export function createAccessLog(log: Log): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const startedAt = performance.now();
    res.on('close', () => {
      log.info({
        requestId: requestIdOf(req),
        method: req.method,
        path: req.originalUrl.split('?', 1)[0],
        status: res.statusCode,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
        ...(!res.writableFinished && { aborted: true }),
      });
    });
    next();
  };
}
