// Reads request bodies, limited in bytes and in time, and reports which of the contract's kinds they are.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { BodyBuffer } from './body-buffer.js';
import { discardRest } from './body-lines.js';
import { parseJsonBody } from './json.js';
import type { JsonLimits } from './json.js';
import type { BodyMemory } from '../load/body-memory.js';

export interface BodyLimits {
  /** Of a value, decoded. */
  readonly bodyLimitBytes: number;
  /** Until the last byte of a body must have arrived. */
  readonly requestTimeoutSeconds: number;
}

/** How many bytes the body of a request may have, and what to do about a larger one. */
export interface BodySize {
  readonly bytesMax: number;
  readonly hint: string;
}

/** One per kind of operation: what an operation may need limits what is read of its bodies. */
export class BodyReaders {
  readonly limits: BodyLimits;
  readonly memory: BodyMemory;

  constructor(limits: BodyLimits, memory: BodyMemory) {
    this.limits = limits;
    this.memory = memory;
  }

  /** Bodies in which no value of a key is. `extraBytes`: of JSON that the operation takes besides its own fields. */
  small(extraBytes = 0, setting?: string): RequestHandler {
    const bytesMax = SMALL_BODY_BYTES_MAX + JSON_GROWTH_MAX * extraBytes;
    const hint =
      setting === undefined
        ? `this operation takes at most ${bytesMax} bytes`
        : `this operation takes at most ${bytesMax} bytes, which depends on ${setting}`;
    return this.#reader(() => ({ bytesMax, hint }));
  }

  /** Bodies with values of keys: those that an encoding makes longer may be longer. */
  values(): RequestHandler {
    const { bodyLimitBytes } = this.limits;
    return this.#reader((req) => ({
      bytesMax: bodyLimitBytes * growthOf(req),
      hint: valueHint(bodyLimitBytes),
    }));
  }

  /** Forms of v2, whose values percent-encoding makes longer. */
  forms(): RequestHandler {
    const { bodyLimitBytes } = this.limits;
    const hint = valueHint(bodyLimitBytes);
    return this.#reader(() => ({ bytesMax: bodyLimitBytes * FORM_GROWTH_MAX, hint }));
  }

  /** Of the JSON in bodies with values. */
  jsonLimits(valuesMax: number): JsonLimits {
    return { valuesMax, decodedBytesMax: BASE64_GROWTH_MAX * this.limits.bodyLimitBytes };
  }

  /** Throws `too-large` for a decoded value that is larger than a body that is the value itself may be. */
  checkValue(value: Buffer): void {
    const { bodyLimitBytes } = this.limits;
    if (value.length <= bodyLimitBytes) return;
    throw new GatewayError('too-large', {
      detail: `the value has ${value.length} bytes`,
      hint: valueHint(bodyLimitBytes),
    });
  }

  /** Middleware that leaves the body's bytes in `req.body`: a Buffer, or `undefined` if there is none. */
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

/** Room for the longest candidate, owner, user or token in escapes of JSON. */
const SMALL_BODY_BYTES_MAX = 64 * 1024;
/** `\u0001` is one byte. */
const JSON_GROWTH_MAX = 6;
/** `%01` is one byte. */
const FORM_GROWTH_MAX = 3;
/** Base64 takes 4 bytes for 3, and the fields around a value take some. */
const BASE64_GROWTH_MAX = 2;

/** curl sends JSON as a form. Without a type the body is a value or, where only JSON is taken, JSON. */
function growthOf(req: Request): number {
  return bodyKindOf(req) === 'other' ? 1 : JSON_GROWTH_MAX;
}

function valueHint(bodyLimitBytes: number): string {
  return `a value may have ${bodyLimitBytes} bytes (--body-limit / LATCHKEY_BODY_LIMIT); etcd takes 1.5 MiB unless its --max-request-bytes is larger`;
}

async function readBody(
  req: Request,
  { bytesMax, hint }: BodySize,
  share: { hold(bytes: number): void },
  timeoutSeconds: number,
): Promise<Buffer | undefined> {
  if (!hasBody(req)) return undefined;
  refuseCompressed(req);
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
    const isLate = error instanceof GatewayError && error.code === 'request-timeout';
    if (!isLate) await discardRest(req);
    throw error;
  }
}

/** The length of the body in its header; undefined if only its end shows it. */
function announcedBytesOf({ headers }: Request): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

/** Throws `unsupported-media-type`. */
export function refuseCompressed({ headers }: Request): void {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity') return;
  throw new GatewayError('unsupported-media-type', {
    detail: 'compressed bodies are not taken',
    hint: 'send the body without Content-Encoding',
  });
}

/** Resolves at the end of the body. Rejects with what `take` throws, `request-timeout`, or `invalid-request` for a body that breaks off. */
async function readChunks(
  req: Request,
  timeoutSeconds: number,
  take: (chunk: Buffer) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Removes the listeners at once: `close` follows `end` on every request.
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
    // A request that is closed already would never report it.
    if (req.destroyed && !req.readableEnded) onBroken();
    else req.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;
const CHARSETS: readonly string[] = ['utf-8', 'utf8', 'us-ascii'];
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** `form` is curl's default: JSON in all but name. */
export type BodyKind = 'json' | 'form' | 'none' | 'other';

/** The media type without its parameters, in lower case; empty if there is none. */
export function typeOf({ headers }: Request): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Throws `unsupported-media-type` for JSON in another encoding than UTF-8. */
export function bodyKindOf(req: Request): BodyKind {
  const header = req.headers['content-type'];
  if (header === undefined) return 'none';
  const type = typeOf(req);
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

/** The body's bytes; empty if there is none. */
export function bytesOf(req: Request): Buffer {
  const body: unknown = req.body;
  return Buffer.isBuffer(body) ? body : EMPTY;
}

const EMPTY = Buffer.alloc(0);
/** Of a body whose operation names no limit. */
const VALUES_MAX = 65_536;

/** Parses the body as JSON whatever its type is. Throws `invalid-request` if it is not JSON, `too-large`. */
export function jsonOf(req: Request, limits: JsonLimits = { valuesMax: VALUES_MAX }): unknown {
  const bytes = bytesOf(req);
  if (bytes.length === 0) throw invalidRequest('', 'the body is empty: a JSON object is expected');
  return parseJsonBody(bytes, limits);
}

/** The body of a call that takes JSON only: a JSON type, no type and curl's form type. Throws `unsupported-media-type`, `invalid-request`. */
export function readJson(req: Request, limits?: JsonLimits): unknown {
  if (bodyKindOf(req) !== 'other') return jsonOf(req, limits);
  throw new GatewayError('unsupported-media-type', {
    detail: `the content type is ${JSON.stringify(req.headers['content-type'])}`,
    hint: 'send JSON as application/json',
  });
}
