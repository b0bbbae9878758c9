// Parses one watch request of an etcd user strictly and writes it again, so that etcd cannot parse it differently. Only etcd's own fields pass,
// each once and in one spelling, bytes as canonical base64.
//
// A watch to the end of the keyspace (`range_end` is one zero byte) becomes a watch to a very high key. Every etcd 3.4, and etcd before
// 3.5.33, 3.6.14 and 3.7.1, checks the rights of the former only for its first key (seen up to 3.5.30), those of the latter correctly.
// So etcd itself checks the watch when it begins, and rejects it with its own text at the right position in the stream.
import { invalidRequest } from '../../core/errors.js';
import { isOpenEnded } from '../../etcd/range.js';
import { parseJsonBody } from '../body/json.js';

/** A rewritten watch omits keys that begin with this many 0xff bytes, plus one for each byte of its first key. */
const FAR_END_BYTES = 256;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const FILTERS: readonly unknown[] = ['NOPUT', 'NODELETE'];

type Fields = Readonly<Record<string, unknown>>;
type Reader = (value: unknown, at: string) => unknown;

/** The names that etcd uses. Clients may also write each field in camel case. */
const CREATE: Readonly<Record<string, Reader>> = {
  key: readBytes,
  range_end: readBytes,
  start_revision: readInt64,
  progress_notify: readBoolean,
  filters: readFilters,
  prev_kv: readBoolean,
  watch_id: readInt64,
  fragment: readBoolean,
};

const REQUESTS: Readonly<Record<string, Reader>> = {
  create_request: readCreate,
  cancel_request: (value, at) => readFields(value, at, { watch_id: readInt64 }),
  progress_request: (value, at) => readFields(value, at, {}),
};

/** Returns the watch request for etcd as one line. Throws `invalid-request`. */
export function rewriteWatchRequest(bytes: Buffer): string {
  const request = readFields(parseJsonBody(bytes), '', REQUESTS);
  if (Object.keys(request).length !== 1) {
    throw invalidRequest(
      '',
      'a watch request has exactly one of create_request, cancel_request and progress_request',
    );
  }
  return `${JSON.stringify(request)}\n`;
}

function readCreate(value: unknown, at: string): Fields {
  const { key, range_end: rangeEnd, ...rest } = readFields(value, at, CREATE) as Watch;
  return {
    ...(key !== undefined && { key: key.toString('base64') }),
    ...(rangeEnd !== undefined && { range_end: endOf(rangeEnd, key).toString('base64') }),
    ...rest,
  };
}

interface Watch {
  readonly key?: Buffer;
  readonly range_end?: Buffer;
}

function endOf(rangeEnd: Buffer, key: Buffer | undefined): Buffer {
  if (!isOpenEnded({ key: key ?? rangeEnd, rangeEnd })) return rangeEnd;
  // Longer than the key, so that it sorts after it.
  return Buffer.alloc((key?.length ?? 0) + FAR_END_BYTES, 0xff);
}

/** Treats `null` like a missing field. */
function readFields(value: unknown, at: string, readers: Readonly<Record<string, Reader>>): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest(at, `${at === '' ? 'a watch request' : at} must be an object`);
  }
  const fields: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const [spelling, inner] of Object.entries(value)) {
    const name = Object.keys(readers).find((each) => [each, camelCase(each)].includes(spelling));
    const pointer = `${at}/${name ?? spelling}`;
    const read = name === undefined ? undefined : readers[name];
    if (name === undefined || read === undefined) {
      throw invalidRequest(pointer, `unknown field ${JSON.stringify(spelling)}`);
    }
    if (seen.has(name)) throw invalidRequest(pointer, `${name} is present in two spellings`);
    seen.add(name);
    if (at === '' || inner !== null) fields[name] = read(inner, pointer);
  }
  return fields;
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Accepts standard and URL-safe base64, with or without padding. Drops unused bits, as etcd does. */
function readBytes(value: unknown, at: string): Buffer {
  const isBase64 = typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value);
  const digits = isBase64 ? value.replace(/=+$/, '') : '';
  const isWhole =
    isBase64 &&
    digits.length % 4 !== 1 &&
    (digits.length === value.length || value.length % 4 === 0);
  if (!isWhole) throw invalidRequest(at, `${at} must be base64`);
  return Buffer.from(digits, 'base64');
}

/** Accepts a number or a string of digits; returns the string. */
function readInt64(value: unknown, at: string): string {
  const isNumber = Number.isSafeInteger(value);
  const isText = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  const number = isNumber || isText ? BigInt(value as number | string) : undefined;
  if (number === undefined || number < INT64_MIN || number > INT64_MAX) {
    throw invalidRequest(at, `${at} must be a 64-bit integer, as a string if it is above 2^53`);
  }
  return number.toString();
}

function readBoolean(value: unknown, at: string): boolean {
  if (typeof value !== 'boolean') throw invalidRequest(at, `${at} must be true or false`);
  return value;
}

/** Accepts names and numbers. */
function readFilters(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw invalidRequest(at, `${at} must be an array`);
  return value.map((filter: unknown) => {
    const name = typeof filter === 'number' ? FILTERS[filter] : filter;
    if (!FILTERS.includes(name)) throw invalidRequest(at, `${at} accepts only NOPUT and NODELETE`);
    return name;
  });
}
