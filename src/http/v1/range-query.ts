// Ranges of keys as query parameters: prefix, or start and end, or neither for the whole keyspace.
import type { Request } from 'express';
import { spanOf } from '../../domain/span.js';
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
}

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
