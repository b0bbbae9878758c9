// Responses at v2 paths other than /v2/keys, as Go's servers send them: JSON, and plain text for 404 and 405.
import type { NextFunction, Request, Response } from 'express';
import { contextOf } from '../request/context.js';
import { recordErrorCode } from '../response/error-code.js';
import type { Caller } from '../../core/caller.js';

type Serve = (req: Request, res: Response, caller: Caller) => Promise<void> | void;

/** Handlers by method. HEAD has to be listed explicitly. */
export type Methods = Readonly<Record<string, Serve>>;

export function serveMethods(methods: Methods) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const serve = methods[req.method];
    if (serve === undefined) {
      sendMethodNotAllowed(res, Object.keys(methods));
      return;
    }
    Promise.resolve(serve(req, res, contextOf(req).caller)).catch(next);
  };
}

export function sendMethodNotAllowed(res: Response, allowed: readonly string[]): void {
  res.setHeader('Allow', allowed.join(','));
  recordErrorCode(res, 'method-not-allowed');
  sendPlainText(res, 405, 'Method Not Allowed\n');
}

export function sendPlainText(res: Response, status: number, text: string): void {
  res.statusCode = status;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.end(text);
}

/** `end` follows the JSON, because some responses of etcd end with a newline. */
export function sendJsonBody(res: Response, status: number, body: object, end = ''): void {
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.end(`${JSON.stringify(body)}${end}`);
}
