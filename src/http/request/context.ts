// The context of a request: its ID, its kind, and the Caller that every domain function receives.
import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Caller, Identity } from '../../core/caller.js';
import { invalidRequest } from '../../core/errors.js';
import { onResponseEnd } from '../server/response-end.js';
import { setSecurityHeaders } from '../server/security-headers.js';
import { classifyRequest } from './classification.js';
import type { RequestClass } from './classification.js';
import { traceparentOf } from './traceparent.js';

export interface RequestContext {
  readonly requestId: string;
  readonly requestClass: RequestClass;
  readonly caller: Caller;
}

const CONTEXT = Symbol('request context');

interface WithContext {
  [CONTEXT]?: RequestContext;
}

const RENEWAL_TRAFFIC = { trafficClass: 'renewals' } as const;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Creates the context and aborts the Caller's signal when the client disconnects. Mount it before all other middleware. The Caller has
 * `identity` until `identify` replaces it.
 */
export function createContext(
  limits: { readonly requestTimeoutSeconds: number },
  identity: Identity,
): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const sentId = req.headers['x-request-id'];
    const requestId = typeof sentId === 'string' && REQUEST_ID.test(sentId) ? sentId : randomUUID();
    res.setHeader('X-Request-Id', requestId);
    setSecurityHeaders(res);
    const disconnect = new AbortController();
    onResponseEnd(res, () => {
      if (!res.writableFinished) disconnect.abort();
    });
    const requestClass = classifyRequest(req);
    const traceparent = traceparentOf(req.headers);
    const contextWithin = (seconds: number): RequestContext => ({
      requestId,
      requestClass,
      caller: {
        identity,
        signal: disconnect.signal,
        deadline: performance.now() + seconds * 1000,
        ...(traceparent !== undefined && { traceparent }),
        ...(requestClass.isRenewalOrRelease && RENEWAL_TRAFFIC),
      },
    });
    const request = req as WithContext;
    // Set before the header is parsed, because the error handler needs the context if parsing throws.
    request[CONTEXT] = contextWithin(limits.requestTimeoutSeconds);
    const timeout = req.headers['request-timeout'];
    if (timeout !== undefined) {
      request[CONTEXT] = contextWithin(
        Math.min(limits.requestTimeoutSeconds, parseRequestTimeout(String(timeout))),
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

/** Sets the identity of the request's Caller. */
export function identify(req: Request, identity: Identity): void {
  const context = contextOf(req);
  (req as WithContext)[CONTEXT] = { ...context, caller: { ...context.caller, identity } };
}

/** Returns the request's ID; undefined if the request failed before `createContext`. */
export function requestIdOf(req: Request): string | undefined {
  return (req as WithContext)[CONTEXT]?.requestId;
}

function parseRequestTimeout(text: string): number {
  const seconds = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0) return seconds;
  throw invalidRequest(
    'Request-Timeout',
    `Request-Timeout is ${JSON.stringify(text)}, not a number of seconds`,
    'write seconds, such as 5 or 0.5',
  );
}
