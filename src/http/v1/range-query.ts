// Ranges of keys as query parameters: prefix, or start and end, or neither for the whole keyspace.
import type { Request } from 'express';
import { spanOf } from '../../domain/keys/span.js';
import type { SortBy } from '../../domain/keys/page.js';
import type { Span } from '../../etcd/wire.js';
import { parseKeyText } from './key-text.js';
import type { KeyEncoding } from './key-text.js';

export interface RangeQuery {
  readonly key?: string;
  readonly keyEncoding?: KeyEncoding;
  readonly prefix?: string;
  readonly start?: string;
  readonly end?: string;
  readonly limit?: number;
  readonly next?: string;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly all?: boolean;
  readonly sort?: SortBy;
  readonly order?: 'asc' | 'desc';
  readonly delimiter?: '/';
}

/** What every read of keys can have. */
export interface ReadQuery {
  readonly keyEncoding?: KeyEncoding;
  readonly revision?: number;
  readonly consistency?: 'linearizable' | 'serializable';
}

export function readOptionsOf(query: ReadQuery): {
  revision: number | undefined;
  serializable: boolean;
} {
  return { revision: query.revision, serializable: query.consistency === 'serializable' };
}

/** As the document has it: a `limit` of this may not have been asked for. */
export const DEFAULT_PAGE_KEYS = 100;

/** The raw query, undecoded and without its `?`: Express' own parser corrupts bad input silently. */
export function queryOf(req: Request): string {
  const mark = req.url.indexOf('?');
  return mark < 0 ? '' : req.url.slice(mark + 1);
}

export function rangeOf(query: RangeQuery): Span {
  const bytes = (name: 'prefix' | 'start' | 'end'): Buffer | undefined => {
    const text = query[name];
    return text === undefined ? undefined : parseKeyText(text, query.keyEncoding, name);
  };
  return spanOf({ prefix: bytes('prefix'), start: bytes('start'), end: bytes('end') });
}
