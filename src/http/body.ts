// Reads request bodies, in bytes and in time, and tells which of the contract's three kinds they are.
import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GatewayError, invalidRequest } from '../errors.js';
import { parseJsonBody } from './json.js';

/** Until the last byte of a body must be there; open request bodies exist at the raw door only. */
const BODY_TIMEOUT_MS = 30_000;

/** Middleware that leaves the body's bytes in `req.body`: a Buffer, or `undefined` when there is none. */
export function createBodyReader(limits: { readonly bodyLimitBytes: number }): RequestHandler {
  const read = express.raw({ type: () => true, inflate: false, limit: limits.bodyLimitBytes });
  return (req: Request, res: Response, next: NextFunction) => {
    const timer = setTimeout(() => {
      next(
        new GatewayError('request-timeout', {
          detail: `the body did not arrive within ${BODY_TIMEOUT_MS / 1000} s`,
        }),
      );
    }, BODY_TIMEOUT_MS);
    read(req, res, (error?: unknown) => {
      if (timer.hasRef()) clearTimeout(timer);
      if (!res.headersSent) next(error);
    });
  };
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** `form` is curl's default: JSON in all but name. */
export type BodyKind = 'json' | 'form' | 'none' | 'other';

export function bodyKindOf(req: Request): BodyKind {
  const header = req.headers['content-type'];
  if (header === undefined) return 'none';
  const type = header.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === FORM_TYPE) return 'form';
  return JSON_TYPE.test(type) ? 'json' : 'other';
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
