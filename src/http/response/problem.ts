// Sends the gateway's errors: as RFC 9457 problems, or in the formats of etcd's APIs under /v2 and /v3*. Besides this file only http/raw and
// http/v2 set an error status.
import type { ErrorRequestHandler, NextFunction, Request, Response } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { Log } from '../../process/log.js';
import { requestIdOf } from '../request/context.js';
import { recordErrorCode } from './error-code.js';
import { errorFormatOf } from './error-format.js';
import type { ErrorFormat } from './error-format.js';
import { toRawError } from '../raw/errors.js';
import { sendV2Error, sendV2Message } from '../v2/errors.js';

export interface Problem extends Record<string, unknown> {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
}

/** Returns the body of `application/problem+json`. It never contains a stack trace, an upstream address or a value. */
export function toProblem(error: GatewayError, requestId?: string): Problem {
  return {
    type: `urn:latchkey:problem:${error.code}`,
    title: error.title,
    status: error.status,
    code: error.code,
    ...(error.detail !== undefined && { detail: error.detail }),
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.outcome !== undefined && { outcome: error.outcome }),
    ...error.fields,
    ...(requestId !== undefined && { requestId }),
  };
}

/** Returns the last middleware. Logs errors with a 5xx status, once. */
export function createErrorHandler(log: Log): ErrorRequestHandler {
  return (thrown: unknown, req: Request, res: Response, _next: NextFunction) => {
    const error = toGatewayError(thrown);
    const requestId = requestIdOf(req);
    recordErrorCode(res, error.code);
    if (error.status >= 500)
      log[error.status === 500 ? 'error' : 'warn'](
        { requestId, err: toLogFields(thrown) },
        error.message,
      );
    if (res.headersSent) {
      // A partial response must not look complete.
      res.destroy();
      return;
    }
    res.statusCode = error.status;
    if (error.status === 401) res.setHeader('WWW-Authenticate', CHALLENGE);
    for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
    if (error.retryAfterSeconds !== undefined)
      res.setHeader('Retry-After', String(error.retryAfterSeconds));
    if (isRestTooLarge(req)) res.setHeader('Connection', 'close');
    sendAs(errorFormatOf(req.url), res, error, requestId);
  };
}

function sendAs(format: ErrorFormat, res: Response, error: GatewayError, requestId?: string): void {
  switch (format) {
    case 'v2Key':
      sendV2Error(res, error);
      break;
    case 'v2':
      sendV2Message(res, error);
      break;
    case 'raw':
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify(toRawError(error).body));
      break;
    case 'problem':
      res.setHeader('Content-Type', 'application/problem+json');
      res.setHeader('Cache-Control', 'no-store');
      res.end(`${JSON.stringify(toProblem(error, requestId))}\n`);
  }
}

/** Browsers ask for a password; other clients may send a token. */
const CHALLENGE = 'Basic realm="Latchkey", charset="UTF-8", Bearer realm="Latchkey"';

/** Node reads the rest of a rejected body to keep the connection. Above this size it is cheaper to close the connection. */
const REST_BYTES_MAX = 64 * 1024;

function isRestTooLarge(req: Request): boolean {
  if (req.complete) return false;
  return !(Number(req.headers['content-length']) <= REST_BYTES_MAX);
}

function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof URIError) {
    return invalidRequest('path', 'the path is not valid percent-encoded UTF-8', KEY_ENCODING_HINT);
  }
  return new GatewayError('internal-error', { cause: thrown });
}

const KEY_ENCODING_HINT =
  'encode keys that are not UTF-8 as base64url and pass keyEncoding=base64url';

// pino's own error serializer would log whole objects, including upstream requests.
function toLogFields(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const cause = thrown.cause instanceof Error ? thrown.cause.message : undefined;
  const isExpected = thrown instanceof GatewayError && thrown.code !== 'internal-error';
  return {
    message: thrown.message,
    ...(cause && { cause }),
    ...(!isExpected && { stack: stackOf(thrown) }),
  };
}

function stackOf(error: Error): string | undefined {
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}
