// One request on a watch stream, read strictly and written anew: of a user of etcd nothing reaches etcd that two parsers could take for
// two things. Only etcd's own fields, each once and in one spelling; bytes come out as canonical base64.
//
// A watch to the end of the keyspace (`range_end` is one zero byte) becomes one to a far end. Every 3.4, and others before 3.5.33, 3.6.14
// and 3.7.1, take the former for a watch of its first key alone when they look at rights (seen up to 3.5.30), and the latter for what it
// is. So etcd itself judges it, in the moment in which it begins, and refuses it in its own words and in its place in the stream.
import { invalidRequest } from '../../core/errors.js';
import { isOpenEnded } from '../../etcd/range.js';
import { parseJsonBody } from '../body/json.js';

/** What a watch to the far end does not show: keys that begin with as many 0xff bytes, and as many more as its first key is long. */
const FAR_END_BYTES = 256;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const FILTERS: readonly unknown[] = ['NOPUT', 'NODELETE'];

type Fields = Readonly<Record<string, unknown>>;
type Reader = (value: unknown, at: string) => unknown;

/** By etcd's names; each field may also be written in camel case. */
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

/** The request as etcd is to read it, in one line. Throws `invalid-request`. */
export function rewriteWatchRequest(bytes: Buffer): string {
  const request = readFields(parseJsonBody(bytes), '', REQUESTS);
  if (Object.keys(request).length !== 1) {
    throw invalidRequest(
      '',
      'a request on a watch stream is exactly one of create_request, cancel_request and progress_request',
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
  // Longer than the key, so that it lies behind it.
  return Buffer.alloc((key?.length ?? 0) + FAR_END_BYTES, 0xff);
}

/** What `null` says is what a missing field says. */
function readFields(value: unknown, at: string, readers: Readonly<Record<string, Reader>>): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest(at, `${at === '' ? 'a request' : at} has to be an object`);
  }
  const fields: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const [spelling, inner] of Object.entries(value)) {
    const name = Object.keys(readers).find((each) => [each, camelCase(each)].includes(spelling));
    const pointer = `${at}/${name ?? spelling}`;
    const read = name === undefined ? undefined : readers[name];
    if (name === undefined || read === undefined) {
      throw invalidRequest(pointer, `watches have no field ${JSON.stringify(spelling)} here`);
    }
    if (seen.has(name)) throw invalidRequest(pointer, `${name} is given in two spellings`);
    seen.add(name);
    if (at === '' || inner !== null) fields[name] = read(inner, pointer);
  }
  return fields;
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Standard or URL-safe, padded or not. Bits that stand for nothing are dropped, as etcd does. */
function readBytes(value: unknown, at: string): Buffer {
  const isBase64 = typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value);
  const digits = isBase64 ? value.replace(/=+$/, '') : '';
  const isWhole =
    isBase64 &&
    digits.length % 4 !== 1 &&
    (digits.length === value.length || value.length % 4 === 0);
  if (!isWhole) throw invalidRequest(at, `${at} has to be base64`);
  return Buffer.from(digits, 'base64');
}

/** A number, or its digits in a string; as that string. */
function readInt64(value: unknown, at: string): string {
  const isNumber = Number.isSafeInteger(value);
  const isText = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  const number = isNumber || isText ? BigInt(value as number | string) : undefined;
  if (number === undefined || number < INT64_MIN || number > INT64_MAX) {
    throw invalidRequest(at, `${at} has to be a 64-bit number, in a string where it is large`);
  }
  return number.toString();
}

function readBoolean(value: unknown, at: string): boolean {
  if (typeof value !== 'boolean') throw invalidRequest(at, `${at} has to be true or false`);
  return value;
}

/** By name or by number. */
function readFilters(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw invalidRequest(at, `${at} has to be a list`);
  return value.map((filter: unknown) => {
    const name = typeof filter === 'number' ? FILTERS[filter] : filter;
    if (!FILTERS.includes(name)) throw invalidRequest(at, `${at} knows NOPUT and NODELETE alone`);
    return name;
  });
}
