// GET /v1/kv with `Accept: application/x-ndjson`: a whole range, one entry per line, at the speed of the client.
import type { Request, Response } from 'express';
import { GatewayError, shuttingDown } from '../../core/errors.js';
import { exportKeys } from '../../domain/keys/export.js';
import type { ExportDeps, ExportRequest } from '../../domain/keys/export.js';
import type { KeyValue } from '../../etcd/wire.js';
import { contextOf } from '../request/context.js';
import { toProblem } from '../response/problem.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import { toEntryBody, toKeyBody } from './entry-body.js';
import type { KeyEncoding } from './key-text.js';

/** Of one write to the connection. */
const WRITE_CHARACTERS = 64 * 1024;
/** The connection of a client that reads nothing for this long is closed. */
const STALL_MAX_MS = 60_000;

export interface ExportRouteDeps extends ExportDeps {
  readonly streams: StreamLimiter;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

/** Responds after the first chunk. A later error is sent as a last line, and the connection breaks. */
export async function sendExport(
  deps: ExportRouteDeps,
  req: Request,
  res: Response,
  request: ExportRequest,
  encoding: KeyEncoding,
): Promise<void> {
  deps.streams.enter(res);
  const { caller, requestId } = contextOf(req);
  const toItem = request.keysOnly === true ? toKeyBody : toEntryBody;
  const toLine = (kv: KeyValue): string => `${JSON.stringify(toItem(kv, encoding))}\n`;
  try {
    for await (const { kvs, revision } of exportKeys(caller, deps, request)) {
      if (!res.headersSent) setExportHeaders(res, revision);
      await writeLines(res, kvs, toLine);
      if (res.destroyed) return;
      if (deps.draining.aborted) throw shuttingDown({});
    }
    res.end();
  } catch (error) {
    if (!res.headersSent) throw error;
    // The line informs people. Programs notice that the export is incomplete because the body breaks off: the error is thrown again.
    const reported = error instanceof GatewayError ? error : new GatewayError('internal-error');
    const line = `${JSON.stringify({ error: toProblem(reported, requestId) })}\n`;
    await new Promise<void>((resolve) => void res.write(line, () => resolve()));
    throw error;
  }
}

function setExportHeaders(res: Response, revision: number): void {
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
  toLine: (kv: KeyValue) => string,
): Promise<void> {
  let text = '';
  for (const [index, kv] of kvs.entries()) {
    text += toLine(kv);
    if (text.length < WRITE_CHARACTERS && index < kvs.length - 1) continue;
    if (!res.write(text)) await waitForDrain(res);
    if (res.destroyed) return;
    text = '';
  }
}

/** Resolves when the client has read what is buffered, or the connection is closed. */
async function waitForDrain(res: Response): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => res.destroy(), STALL_MAX_MS);
    const finish = (): void => {
      clearTimeout(timer);
      res.off('drain', finish).off('close', finish);
      resolve();
    };
    res.on('drain', finish).on('close', finish);
    if (res.destroyed) finish();
  });
}
