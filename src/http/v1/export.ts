// GET /v1/kv with `Accept: application/x-ndjson`: a whole range, one entry a line, as fast as its reader takes it and no faster.
import type { Request, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { exportKeys } from '../../domain/keys/export.js';
import type { ExportDeps, ExportRequest } from '../../domain/keys/export.js';
import type { KeyValue } from '../../etcd/wire.js';
import { contextOf } from '../request/context.js';
import { toProblem } from '../response/problem.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import { toEntryBody, toKeyBody } from './entry-body.js';
import type { KeyEncoding } from './key-text.js';

/** What goes to the connection at a time. */
const WRITE_CHARACTERS = 64 * 1024;
/** A reader that takes nothing for so long is gone. */
const STALL_MAX_MS = 60_000;

export interface ExportRouteDeps extends ExportDeps {
  readonly streams: StreamLimiter;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

/** Answers when the first chunk is there; what goes wrong behind it is told in a line of its own, and the connection breaks. */
export async function serveExport(
  deps: ExportRouteDeps,
  req: Request,
  res: Response,
  request: ExportRequest,
  encoding: KeyEncoding,
): Promise<void> {
  deps.streams.enter(res);
  const { caller, requestId } = contextOf(req);
  const present = request.keysOnly === true ? toKeyBody : toEntryBody;
  const lineOf = (kv: KeyValue): string => `${JSON.stringify(present(kv, encoding))}\n`;
  try {
    for await (const { kvs, revision } of exportKeys(caller, deps, request)) {
      if (!res.headersSent) openHeaders(res, revision);
      await writeLines(res, kvs, lineOf);
      if (res.destroyed) return;
      if (deps.draining.aborted) throw new GatewayError('shutting-down');
    }
    res.end();
  } catch (error) {
    if (!res.headersSent) throw error;
    // A length that is missing, not a line alone, tells a program that this is not all.
    const told = error instanceof GatewayError ? error : new GatewayError('internal-error');
    const line = `${JSON.stringify({ error: toProblem(told, requestId) })}\n`;
    await new Promise<void>((resolve) => void res.write(line, () => resolve()));
    throw error;
  }
}

function openHeaders(res: Response, revision: number): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/x-ndjson');
  res.setHeader('Cache-Control', 'no-cache, no-transform');
  res.setHeader('X-Accel-Buffering', 'no');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Etcd-Revision', revision);
  res.vary('Accept');
}

async function writeLines(
  res: Response,
  kvs: readonly KeyValue[],
  lineOf: (kv: KeyValue) => string,
): Promise<void> {
  let text = '';
  for (const [index, kv] of kvs.entries()) {
    text += lineOf(kv);
    if (text.length < WRITE_CHARACTERS && index < kvs.length - 1) continue;
    if (!res.write(text)) await drained(res);
    if (res.destroyed) return;
    text = '';
  }
}

async function drained(res: Response): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => res.destroy(), STALL_MAX_MS);
    const done = (): void => {
      clearTimeout(timer);
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
    if (res.destroyed) done();
  });
}
