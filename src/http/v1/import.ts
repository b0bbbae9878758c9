// POST /v1/kv/import: writes the lines of an export as they arrive.
import type { Request, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { Importer } from '../../domain/keys/import.js';
import type { ImportCounts, ImportDeps, ImportedEntry } from '../../domain/keys/import.js';
import { discardRest, readLines } from '../body/body-lines.js';
import { contextOf } from '../request/context.js';
import { rejectCompressed } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { parseJsonBody } from '../body/json.js';
import type { StreamLimiter } from '../load/stream-limiter.js';
import type { Schema } from '../contract/operation-types.js';
import { readParameters } from '../contract/documented-request.js';
import type { Validator } from '../contract/validate.js';
import { parseKey } from './key-text.js';
import { sendJson } from './responses.js';
import { ENTRY_VALUES_MAX, parseValueText } from './value-body.js';

const LINES_TYPE = 'application/x-ndjson';
/** Bytes of a line per byte of its value: six for a byte such as NUL, and the key. */
const LINE_GROWTH_MAX = 8;
/** Longer lines are parsed as entries even if they are blank. */
const BLANK_BYTES_MAX = 100;

export interface ImportRouteDeps extends ImportDeps {
  readonly validator: Validator;
  readonly bodies: BodyReaders;
  readonly streams: StreamLimiter;
}

export async function importKeys(
  deps: ImportRouteDeps,
  req: Request,
  res: Response,
): Promise<void> {
  const { query } = readParameters(req, deps.validator.operation('importKeys'));
  const { ifAbsent = false, skip } = query;
  requireLines(req);
  deps.streams.enter(res);
  const importer = new Importer(contextOf(req).caller, deps, { ifAbsent, skip });
  try {
    const body: Schema<'Imported'> = await importLines(deps, req, res, importer, skip);
    res.setHeader('Etcd-Revision', body.revision);
    sendJson(res, body);
  } catch (error) {
    await discardRest(req);
    throw error;
  }
}

/** Throws `unsupported-media-type`. */
function requireLines(req: Request): void {
  const type = req.headers['content-type'];
  if (type?.split(';', 1)[0]?.trim().toLowerCase() !== LINES_TYPE) {
    throw new GatewayError('unsupported-media-type', {
      detail: `the content type is ${JSON.stringify(type ?? '')}`,
      hint: `send the lines of an export as ${LINES_TYPE}`,
    });
  }
  rejectCompressed(req);
}

async function importLines(
  deps: ImportRouteDeps,
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
        await importer.add(line, () => parseLine(deps, bytes));
      }
    }
    return await importer.finish(line);
  } catch (error) {
    throw importer.withProgress(error);
  }
}

function parseLine({ validator, bodies }: ImportRouteDeps, bytes: Buffer): ImportedEntry {
  const json = parseJsonBody(bytes, bodies.jsonLimits(ENTRY_VALUES_MAX));
  const entry = validator.operation('importKeys').body(json);
  const key = parseKey(entry.key, entry.keyEncoding);
  return { key, value: parseValueText(entry, ''), hadLease: entry.lease !== undefined };
}

function isBlank(bytes: Buffer): boolean {
  return (
    bytes.length === 0 || (bytes.length < BLANK_BYTES_MAX && bytes.toString('latin1').trim() === '')
  );
}
