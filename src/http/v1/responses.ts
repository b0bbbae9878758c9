// Responses of /v1: content negotiation, JSON, and routes without HEAD.
import type { Request, RequestHandler, Response } from 'express';
import { GatewayError } from '../../core/errors.js';

/** Returns the media type that `Accept` prefers; the first one by default. Throws `not-acceptable`. */
export function negotiate<MediaType extends string>(
  req: Request,
  mediaTypes: readonly [MediaType, ...MediaType[]],
  hint: string,
): MediaType {
  const { accept } = req.headers;
  const [byDefault] = mediaTypes;
  if (accept === undefined || accept === '*/*' || accept === byDefault) return byDefault;
  const accepted = req.accepts([...mediaTypes]);
  const mediaType = mediaTypes.find((each) => each === accepted);
  if (mediaType !== undefined) return mediaType;
  throw new GatewayError('not-acceptable', {
    detail: `Accept is ${JSON.stringify(accept)}, which this path does not return`,
    hint,
  });
}

export function sendJson(res: Response, body: unknown): void {
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Cache-Control', 'no-cache');
  res.vary('Accept');
  res.end(`${JSON.stringify(body)}\n`);
}

/** Skips a route with an endless response for HEAD, which Express routes to GET. */
export const skipHead: RequestHandler = (req, _res, next) => {
  next(req.method === 'HEAD' ? 'route' : undefined);
};
