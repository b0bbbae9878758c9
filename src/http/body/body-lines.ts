// Reads a request body line by line while it arrives. The body has no size limit, but each line and each pause do.
import { setImmediate as nextEventLoopTurn } from 'node:timers/promises';
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { BodyBuffer } from './body-buffer.js';
import type { BodyShare } from '../load/body-memory.js';

/** The longest pause within a body. The time that the gateway needs for a line does not count. */
const PAUSE_MAX_MS = 30_000;
/** How long the rest of a rejected body is read and dropped. */
const DISCARD_MS = 3_000;
/** Lines between two turns of the event loop, so that other requests proceed: one chunk can have 64 Ki lines. */
const LINES_PER_TURN_MAX = 500;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Yields the lines without their line ends; the last line needs none. Throws `too-large` for a line above `lineBytesMax`, the errors of
 * `share`, `request-timeout`, and `invalid-request` for an incomplete body.
 */
export async function* readLines(
  req: Request,
  lineBytesMax: number,
  share: BodyShare,
): AsyncGenerator<Buffer> {
  const announced = req.headers['content-length'];
  const buffer = new BodyBuffer(Math.min(lineBytesMax, Number(announced ?? lineBytesMax)));
  let line = 1;
  const append = (piece: Buffer): void => {
    if (buffer.length + piece.length > lineBytesMax) {
      throw new GatewayError('too-large', {
        detail: `line ${line} is longer than ${lineBytesMax} bytes`,
        hint: 'shorten the line, or raise --body-limit (LATCHKEY_BODY_LIMIT); a line may have eight times its bytes',
        fields: { line },
      });
    }
    share.hold(buffer.bytesWith(piece));
    buffer.append(piece);
  };
  const take = (): Buffer => {
    const bytes = buffer.take();
    line++;
    return bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
  };
  for await (const chunk of readChunks(req)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      append(chunk.subarray(start, end));
      yield take();
      start = end + 1;
      if (line % LINES_PER_TURN_MAX === 0) await nextEventLoopTurn();
    }
    if (start < chunk.length) append(chunk.subarray(start));
  }
  if (buffer.length > 0) yield take();
}

async function* readChunks(req: Request): AsyncGenerator<Buffer> {
  // By default a consumer that stops would destroy the connection, and the response with it.
  const chunks = req.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await withPauseLimit(chunks.next() as Promise<IteratorResult<Buffer, void>>);
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw invalidRequest('', 'the body is incomplete');
  }
}

async function withPauseLimit<T>(next: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<never>((_, reject) => {
    const detail = `no byte of the body arrived for ${PAUSE_MAX_MS / 1000} s`;
    timer = setTimeout(() => reject(new GatewayError('request-timeout', { detail })), PAUSE_MAX_MS);
  });
  // A rejection after the pause limit must not become an unhandled one.
  next.catch(() => undefined);
  try {
    return await Promise.race([next, pause]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads and drops the rest of a body for a limited time, because most clients read the response only after they sent the whole body. */
export async function discardRest(req: Request): Promise<void> {
  if (req.complete || req.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DISCARD_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    req.once('end', done).once('error', done).once('close', done).resume();
  });
}
