// A request body read line by line as it arrives: of any length in total, bounded in the length of a line and in silence.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Request } from 'express';
import { GatewayError, invalidRequest } from '../../core/errors.js';
import { BodyBuffer } from './body-buffer.js';
import type { BodyShare } from '../load/body-memory.js';

/** How long a body may pause. Time that the gateway itself needs does not count. */
const SILENCE_MAX_MS = 30_000;
/** How long what is left of a refused upload is read away, so that its sender comes to read the answer. */
const DISCARD_MS = 3_000;
/** Lines that are read before other requests get a turn: one chunk can have 64 Ki of them. */
const LINES_TOGETHER_MAX = 500;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The lines without their ends; the last one needs none. Throws `too-large` for a line above `lineBytesMax`, what `share` throws, `request-timeout`,
 * `invalid-request` for a body that breaks off.
 */
export async function* readLines(
  req: Request,
  lineBytesMax: number,
  share: BodyShare,
): AsyncGenerator<Buffer> {
  const announced = req.headers['content-length'];
  const buffer = new BodyBuffer(Math.min(lineBytesMax, Number(announced ?? lineBytesMax)));
  let line = 1;
  const keep = (piece: Buffer): void => {
    if (buffer.length + piece.length > lineBytesMax) {
      throw new GatewayError('too-large', {
        detail: `line ${line} is longer than ${lineBytesMax} bytes`,
        hint: 'a line may have eight times the bytes of --body-limit / LATCHKEY_BODY_LIMIT',
        fields: { line },
      });
    }
    share.hold(buffer.bytesWith(piece));
    buffer.append(piece);
  };
  const take = (): Buffer => {
    const whole = buffer.take();
    line++;
    return whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
  };
  for await (const chunk of readChunks(req)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
      if (line % LINES_TOGETHER_MAX === 0) await nextTurn();
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (buffer.length > 0) yield take();
}

async function* readChunks(req: Request): AsyncGenerator<Buffer> {
  // Without this a reader that stops would take the connection with it, and the answer.
  const chunks = req.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await withinSilence(chunks.next() as Promise<IteratorResult<Buffer, void>>);
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw invalidRequest('', 'the body broke off');
  }
}

async function withinSilence<T>(next: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const late = `no byte of the body came for ${SILENCE_MAX_MS / 1000} s`;
    timer = setTimeout(
      () => reject(new GatewayError('request-timeout', { detail: late })),
      SILENCE_MAX_MS,
    );
  });
  // Whoever stops waiting for it is not to be told of it later.
  next.catch(() => undefined);
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads away what is left of a body, for a moment: most clients read no answer before they have sent all. */
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
