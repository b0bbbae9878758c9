// What every request carries through its door: an ID, and the Caller that travels down to etcd.
import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Caller, Identity } from '../../core/caller.js';
import { invalidRequest } from '../../core/errors.js';
import { setSecurityHeaders } from '../server/security-headers.js';
import { rawPathOf } from '../raw/paths.js';
import { traceparentOf } from './traceparent.js';
import { isUpkeep } from './classification.js';
import { onceOver } from '../server/response-end.js';

export interface RequestContext {
  readonly requestId: string;
  readonly caller: Caller;
}

const CONTEXT = Symbol('request context');

interface WithContext {
  [CONTEXT]?: RequestContext;
}

const RENEWAL_TRAFFIC = { trafficClass: 'renewals' } as const;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** First of all middleware: names the request, and ends its Caller when the client hangs up. He is `identity` until `identify` says more. */
export function createContext(
  limits: { readonly requestTimeoutSeconds: number },
  identity: Identity,
): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const given = req.headers['x-request-id'];
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    res.setHeader('X-Request-Id', requestId);
    setSecurityHeaders(res);
    const hangUp = new AbortController();
    onceOver(res, () => {
      if (!res.writableFinished) hangUp.abort();
    });
    const traceparent = traceparentOf(req.headers);
    const deadlineIn = (seconds: number): RequestContext => ({
      requestId,
      caller: {
        identity,
        signal: hangUp.signal,
        deadline: performance.now() + seconds * 1000,
        ...(traceparent !== undefined && { traceparent }),
        ...(isUpkeep(req.method, rawPathOf(req.url)) && RENEWAL_TRAFFIC),
      },
    });
    const request = req as WithContext;
    request[CONTEXT] = deadlineIn(limits.requestTimeoutSeconds);
    const asked = req.headers['request-timeout'];
    if (asked !== undefined) {
      request[CONTEXT] = deadlineIn(
        Math.min(limits.requestTimeoutSeconds, parseRequestTimeout(String(asked))),
      );
    }
    next();
  };
}

export function contextOf(req: Request): RequestContext {
  const context = (req as WithContext)[CONTEXT];
  if (context === undefined) throw new Error('createContext is not mounted');
  return context;
}

/** From here on this is who asks. */
export function identify(req: Request, identity: Identity): void {
  const { requestId, caller } = contextOf(req);
  (req as WithContext)[CONTEXT] = { requestId, caller: { ...caller, identity } };
}

/** The ID that `createContext` gave, for the error handler, which may come before it. */
export function requestIdOf(req: Request): string | undefined {
  return (req as WithContext)[CONTEXT]?.requestId;
}

/** Who asks, as far as that is known by now; for what looks at requests that may have failed early. */
export function callerOf(req: Request): Caller | undefined {
  return (req as WithContext)[CONTEXT]?.caller;
}

function parseRequestTimeout(text: string): number {
  const seconds = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0) return seconds;
  throw invalidRequest(
    'Request-Timeout',
    `Request-Timeout is ${JSON.stringify(text)}: write seconds, such as 5 or 0.5`,
  );
}
