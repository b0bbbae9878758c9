// POST /v1/kv/import: the lines of an export, written as they come.
import type { Request, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { Importer } from '../../domain/keys/import.js';
import type { ImportCounts, ImportDeps, ImportedEntry } from '../../domain/keys/import.js';
import { discardRest, readLines } from '../body/body-lines.js';
import { contextOf } from '../request/context.js';
import { refuseCompressed } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { parseJsonBody } from '../body/json.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import type { OperationValidator } from '../contract/validate.js';
import { sendJson } from './entry-body.js';
import { parseKey } from './key-text.js';
import type { KeyEncoding } from './key-text.js';
import { queryOf } from './range-query.js';
import { ENTRY_VALUES_MAX, parseValueText } from './value-body.js';
import type { ValueText } from './value-body.js';

const LINES_TYPE = 'application/x-ndjson';
/** What a value that PUT takes as bytes can grow to as a line: six characters for a byte such as NUL, and its key. */
const LINE_GROWTH_MAX = 8;
/** Longer lines are looked at as entries, whatever is in them. */
const BLANK_BYTES_MAX = 100;

export interface ImportRouteDeps extends ImportDeps {
  readonly bodies: BodyReaders;
  readonly streams: StreamLimiter;
}

interface ImportQuery {
  readonly ifAbsent?: boolean;
  readonly skip?: number;
}

interface LineBody extends ValueText {
  readonly key: string;
  readonly keyEncoding?: KeyEncoding;
  readonly lease?: string;
}

export async function serveImport(
  deps: ImportRouteDeps,
  operation: OperationValidator,
  req: Request,
  res: Response,
): Promise<void> {
  const { ifAbsent = false, skip = 0 } = operation.query(queryOf(req)) as ImportQuery;
  checkType(req);
  deps.streams.enter(res);
  const importer = new Importer(contextOf(req).caller, deps, { ifAbsent, skip });
  try {
    const done = await importLines(deps, operation, req, res, importer, skip);
    res.setHeader('Etcd-Revision', done.revision);
    sendJson(res, done);
  } catch (error) {
    await discardRest(req);
    throw error;
  }
}

function checkType(req: Request): void {
  const type = req.headers['content-type'];
  if (type?.split(';', 1)[0]?.trim().toLowerCase() !== LINES_TYPE) {
    throw new GatewayError('unsupported-media-type', {
      detail: `the content type is ${JSON.stringify(type ?? '')}`,
      hint: `send the lines of an export as ${LINES_TYPE}`,
    });
  }
  refuseCompressed(req);
}

async function importLines(
  deps: ImportRouteDeps,
  operation: OperationValidator,
  req: Request,
  res: Response,
  importer: Importer,
  skip: number,
): Promise<ImportCounts & { readonly revision: number }> {
  let line = 0;
  try {
    const bytesMax = deps.bodies.limits.bodyLimitBytes * LINE_GROWTH_MAX;
    for await (const bytes of readLines(req, bytesMax, deps.bodies.memory.share(res))) {
      line++;
      if (line > skip && !isBlank(bytes)) {
        await importer.add(line, () => parseLine(deps.bodies, operation, bytes));
      }
    }
    return await importer.finish(line);
  } catch (error) {
    throw importer.explain(error);
  }
}

function parseLine(
  bodies: BodyReaders,
  operation: OperationValidator,
  bytes: Buffer,
): ImportedEntry {
  const limits = bodies.jsonLimits(ENTRY_VALUES_MAX);
  const body = operation.body(parseJsonBody(bytes, limits)) as LineBody;
  const key = parseKey(body.key, body.keyEncoding);
  return { key, value: parseValueText(body, ''), hadLease: body.lease !== undefined };
}

function isBlank(bytes: Buffer): boolean {
  return (
    bytes.length === 0 || (bytes.length < BLANK_BYTES_MAX && bytes.toString('latin1').trim() === '')
  );
}
