// Reads request bodies, in bytes and in time, and tells which of the contract's three kinds they are.
import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GatewayError, invalidRequest } from '../errors.js';
import { parseJsonBody } from './json.js';

export interface BodyLimits {
  readonly bodyLimitBytes: number;
  /** Until the last byte of a body must be there. */
  readonly requestTimeoutSeconds: number;
}

/** Middleware that leaves the body's bytes in `req.body`: a Buffer, or `undefined` when there is none. */
export function createBodyReader(limits: BodyLimits): RequestHandler {
  const { requestTimeoutSeconds } = limits;
  const read = express.raw({ type: () => true, inflate: false, limit: limits.bodyLimitBytes });
  return (req: Request, res: Response, next: NextFunction) => {
    const timer = setTimeout(() => {
      next(
        new GatewayError('request-timeout', {
          detail: `the body did not arrive within ${requestTimeoutSeconds} s`,
        }),
      );
    }, requestTimeoutSeconds * 1000);
    read(req, res, (error?: unknown) => {
      if (timer.hasRef()) clearTimeout(timer);
      if (!res.headersSent) next(error);
    });
  };
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;
const CHARSETS: readonly string[] = ['utf-8', 'utf8', 'us-ascii'];
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** `form` is curl's default: JSON in all but name. */
export type BodyKind = 'json' | 'form' | 'none' | 'other';

/** Throws `unsupported-media-type` for JSON in another encoding than UTF-8. */
export function bodyKindOf(req: Request): BodyKind {
  const header = req.headers['content-type'];
  if (header === undefined) return 'none';
  const type = header.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const kind = type === FORM_TYPE ? 'form' : JSON_TYPE.test(type) ? 'json' : 'other';
  if (kind !== 'other') checkCharset(header);
  return kind;
}

function checkCharset(contentType: string): void {
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  if (CHARSETS.includes(charset)) return;
  throw new GatewayError('unsupported-media-type', {
    detail: `the charset of the body is ${JSON.stringify(charset)}`,
    hint: 'JSON is UTF-8 (RFC 8259 section 8.1)',
  });
}

/** The body's bytes; empty when there is none. */
export function bytesOf(req: Request): Buffer {
  const body: unknown = req.body;
  return Buffer.isBuffer(body) ? body : EMPTY;
}

const EMPTY = Buffer.alloc(0);

/** Parses the body as JSON whatever its type says. Throws `invalid-request` when it is none. */
export function jsonOf(req: Request): unknown {
  const bytes = bytesOf(req);
  if (bytes.length === 0) throw invalidRequest('', 'the body is empty: a JSON object is expected');
  return parseJsonBody(bytes);
}

/** The body of a call that takes JSON only: a JSON type, no type and curl's form type. Throws `unsupported-media-type`, `invalid-request`. */
export function readJson(req: Request): unknown {
  if (bodyKindOf(req) !== 'other') return jsonOf(req);
  throw new GatewayError('unsupported-media-type', {
    detail: `the content type is ${JSON.stringify(req.headers['content-type'])}`,
    hint: 'send JSON as application/json',
  });
}
