// Reads request bodies within limits of size and time, and determines their media type.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { BodyBuffer } from './body-buffer.js';
import { discardRest } from './body-lines.js';
import { parseJsonBody } from './json.js';
import type { JsonLimits } from './json.js';
import type { BodyMemory } from '../load/body-memory.js';

export interface BodyLimits {
  /** For a value, after decoding. */
  readonly bodyLimitBytes: number;
  /** The time in which a body must arrive. */
  readonly requestTimeoutSeconds: number;
}

/** The largest body of a request, and the hint for a larger one. */
export interface BodySize {
  readonly bytesMax: number;
  readonly hint: string;
}

/** Creates the body-reading middleware for each kind of operation. The size limit is what the kind of operation needs. */
export class BodyReaders {
  readonly limits: BodyLimits;
  readonly memory: BodyMemory;

  constructor(limits: BodyLimits, memory: BodyMemory) {
    this.limits = limits;
    this.memory = memory;
  }

  /** For bodies without values of keys. `extraBytes`: JSON that the operation accepts besides its own fields. */
  small(extraBytes = 0, setting?: string): RequestHandler {
    const bytesMax = SMALL_BODY_BYTES_MAX + JSON_GROWTH_MAX * extraBytes;
    const hint =
      setting === undefined
        ? `send at most ${bytesMax} bytes`
        : `send at most ${bytesMax} bytes, or raise ${setting}`;
    return this.#reader(() => ({ bytesMax, hint }));
  }

  /** For bodies with values of keys. Bodies in an encoding may be longer than the value. */
  values(): RequestHandler {
    const { bodyLimitBytes } = this.limits;
    return this.#reader((req) => ({
      bytesMax: bodyLimitBytes * growthOf(req),
      hint: valueHint(bodyLimitBytes),
    }));
  }

  /** For v2 forms, whose percent-encoding makes values longer. */
  forms(): RequestHandler {
    const { bodyLimitBytes } = this.limits;
    const hint = valueHint(bodyLimitBytes);
    return this.#reader(() => ({ bytesMax: bodyLimitBytes * FORM_GROWTH_MAX, hint }));
  }

  /** Limits for the JSON in bodies with values. */
  jsonLimits(valuesMax: number): JsonLimits {
    return { valuesMax, decodedBytesMax: BASE64_GROWTH_MAX * this.limits.bodyLimitBytes };
  }

  /** Throws `too-large` for a decoded value above the limit of an unencoded body. */
  checkValue(value: Buffer): void {
    const { bodyLimitBytes } = this.limits;
    if (value.length <= bodyLimitBytes) return;
    throw new GatewayError('too-large', {
      detail: `the value has ${value.length} bytes; the maximum is ${bodyLimitBytes}`,
      hint: valueHint(bodyLimitBytes),
    });
  }

  /** Returns middleware that sets `req.body` to a Buffer, or to undefined without a body. */
  #reader(sizeOf: (req: Request) => BodySize): RequestHandler {
    return (req: Request, res: Response, next: NextFunction) => {
      readBody(req, sizeOf(req), this.memory.share(res), this.limits.requestTimeoutSeconds)
        .then((body) => {
          (req as { body?: unknown }).body = body;
          if (!res.headersSent) next();
        })
        .catch((error: unknown) => {
          if (!res.headersSent) next(error);
        });
    };
  }
}

/** Sufficient for the longest candidate, owner, user or token in JSON escapes. */
const SMALL_BODY_BYTES_MAX = 64 * 1024;
/** `\u0001` encodes one byte. */
const JSON_GROWTH_MAX = 6;
/** `%01` encodes one byte. */
const FORM_GROWTH_MAX = 3;
/** Base64 takes 4 bytes for 3, and the other fields of the body take some. */
const BASE64_GROWTH_MAX = 2;

/** curl sends JSON with the type of a form. Without a type the body is a value or, if the operation accepts only JSON, JSON. */
function growthOf(req: Request): number {
  return bodyKindOf(req) === 'other' ? 1 : JSON_GROWTH_MAX;
}

function valueHint(bodyLimitBytes: number): string {
  return `send a value of at most ${bodyLimitBytes} bytes, or raise --body-limit (LATCHKEY_BODY_LIMIT); etcd accepts 1.5 MiB by default (--max-request-bytes)`;
}

async function readBody(
  req: Request,
  { bytesMax, hint }: BodySize,
  share: { hold(bytes: number): void },
  timeoutSeconds: number,
): Promise<Buffer | undefined> {
  if (!hasBody(req)) return undefined;
  rejectCompressed(req);
  const tooLarge = (): GatewayError =>
    new GatewayError('too-large', { detail: `the body is larger than ${bytesMax} bytes`, hint });
  try {
    const announced = announcedBytesOf(req);
    if (announced !== undefined && announced > bytesMax) throw tooLarge();
    const buffer = new BodyBuffer(announced ?? bytesMax);
    await readChunks(req, timeoutSeconds, (chunk) => {
      if (buffer.length + chunk.length > bytesMax) throw tooLarge();
      share.hold(buffer.bytesWith(chunk));
      buffer.append(chunk);
    });
    return buffer.take();
  } catch (error) {
    share.hold(0);
    const isTimeout = error instanceof GatewayError && error.code === 'request-timeout';
    if (!isTimeout) await discardRest(req);
    throw error;
  }
}

/** Returns the Content-Length; undefined for a chunked body. */
function announcedBytesOf({ headers }: Request): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

/** Throws `unsupported-media-type`. */
export function rejectCompressed({ headers }: Request): void {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity') return;
  throw new GatewayError('unsupported-media-type', {
    detail: 'compressed bodies are not supported',
    hint: 'send the body without Content-Encoding',
  });
}

/** Resolves at the end of the body. Rejects with the errors of `take`, `request-timeout`, or `invalid-request` for an incomplete body. */
async function readChunks(
  req: Request,
  timeoutSeconds: number,
  take: (chunk: Buffer) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Removes the listeners at once, because `close` follows `end` on every request.
    const settle = (settled: () => void): void => {
      clearTimeout(timer);
      req.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      settled();
    };
    const onEnd = (): void => settle(resolve);
    const onBroken = (): void => {
      const detail = 'the body is shorter or longer than its Content-Length';
      settle(() => reject(invalidRequest('', detail)));
    };
    const onData = (chunk: Buffer): void => {
      try {
        take(chunk);
      } catch (error) {
        settle(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    };
    const timer = setTimeout(() => {
      const detail = `the body did not arrive within ${timeoutSeconds} s`;
      settle(() => reject(new GatewayError('request-timeout', { detail })));
    }, timeoutSeconds * 1000);
    // A closed request would emit no further event.
    if (req.destroyed && !req.readableEnded) onBroken();
    else req.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;
const CHARSETS: readonly string[] = ['utf-8', 'utf8', 'us-ascii'];
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** `form` is curl's default type, which the gateway treats as JSON. */
export type BodyKind = 'json' | 'form' | 'none' | 'other';

/** Returns the media type in lower case, without parameters; empty if there is none. */
export function mediaTypeOf({ headers }: Request): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Throws `unsupported-media-type` for JSON in another encoding than UTF-8. */
export function bodyKindOf(req: Request): BodyKind {
  const header = req.headers['content-type'];
  if (header === undefined) return 'none';
  const type = mediaTypeOf(req);
  const kind = type === FORM_TYPE ? 'form' : JSON_TYPE.test(type) ? 'json' : 'other';
  if (kind !== 'other') checkCharset(header);
  return kind;
}

function checkCharset(contentType: string): void {
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  if (CHARSETS.includes(charset)) return;
  throw new GatewayError('unsupported-media-type', {
    detail: `the charset of the body is ${JSON.stringify(charset)}`,
    hint: 'send UTF-8 (RFC 8259 section 8.1)',
  });
}

/** Returns the bytes of the body; empty without a body. */
export function bytesOf(req: Request): Buffer {
  const body: unknown = req.body;
  return Buffer.isBuffer(body) ? body : EMPTY;
}

const EMPTY = Buffer.alloc(0);
/** For operations without a limit of their own. */
const VALUES_MAX = 65_536;

/** Parses the body as JSON regardless of its type. Throws `invalid-request` or `too-large`. */
export function jsonOf(req: Request, limits: JsonLimits = { valuesMax: VALUES_MAX }): unknown {
  const bytes = bytesOf(req);
  if (bytes.length === 0) throw invalidRequest('', 'the body is empty: a JSON object is required');
  return parseJsonBody(bytes, limits);
}

/** Parses the body of an operation that accepts only JSON. Throws `unsupported-media-type` for other types than JSON, none and curl's form type. */
export function readJson(req: Request, limits?: JsonLimits): unknown {
  if (bodyKindOf(req) !== 'other') return jsonOf(req, limits);
  throw new GatewayError('unsupported-media-type', {
    detail: `the content type is ${JSON.stringify(req.headers['content-type'])}`,
    hint: 'send JSON as application/json',
  });
}
