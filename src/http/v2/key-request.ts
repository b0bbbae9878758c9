// The parameters of /v2/keys: their forms, what forbids what, and in which order etcd complains.
import { v2Error } from '../../domain/v2/errors.js';
import type { V2ErrorName } from '../../domain/v2/errors.js';
import { bytesOf } from '../../domain/v2/tree/path.js';
import type { Form } from './form.js';

export interface KeyParameters {
  readonly value: Buffer;
  /** Empty asks nothing. */
  readonly prevValue: Buffer;
  /** 0 asks nothing. */
  readonly prevIndex: bigint;
  readonly prevExist: boolean | undefined;
  /** 0: from now on. */
  readonly waitIndex: bigint;
  /** Seconds; absent = no ttl. */
  readonly ttl: bigint | undefined;
  readonly isDirectory: boolean;
  readonly isRecursive: boolean;
  readonly isRefresh: boolean;
  readonly isStream: boolean;
  readonly isWait: boolean;
  readonly isWithoutValue: boolean;
}

/** Throws what v2 answers to parameters that it does not understand, in its order. */
export function readKeyParameters(method: string, form: Form): KeyParameters {
  const prevIndex = readUint(form, 'prevIndex', 'indexNaN');
  const waitIndex = readUint(form, 'waitIndex', 'indexNaN');
  const isRecursive = readBool(form, 'recursive');
  // Nodes are sorted whatever it says.
  readBool(form, 'sorted');
  const isWait = readBool(form, 'wait');
  const isDirectory = readBool(form, 'dir');
  const isQuorum = readBool(form, 'quorum');
  const isStream = readBool(form, 'stream');
  if (isWait && method !== 'GET')
    throw v2Error('invalidField', '"wait" can only be used with GET requests');
  const prevValue = form.get('prevValue');
  if (prevValue === '') throw v2Error('prevValueRequired', '"prevValue" cannot be empty');
  const isWithoutValue = readBool(form, 'noValueOnSuccess');
  const isTtl = (form.get('ttl') ?? '') !== '';
  const ttl = isTtl ? readUint(form, 'ttl', 'ttlNaN') : undefined;
  const prevExist = form.has('prevExist') ? readBool(form, 'prevExist', 'prevExist') : undefined;
  const isRefresh = readBool(form, 'refresh', 'refresh');
  if (isRefresh) refuseBesideRefresh(form, ttl);
  return {
    value: bytesOf(form.get('value') ?? ''),
    prevValue: bytesOf(prevValue ?? ''),
    prevIndex,
    prevExist,
    waitIndex,
    ttl,
    isDirectory,
    isRecursive,
    isRefresh,
    isStream,
    // Who asks the quorum is answered by it, at once: every read here asks it, and a wait is none.
    isWait: isWait && !isQuorum,
    isWithoutValue,
  };
}

function refuseBesideRefresh(form: Form, ttl: bigint | undefined): void {
  if ((form.get('value') ?? '') !== '')
    throw v2Error('refreshValue', 'A value was provided on a refresh');
  if (ttl === undefined) throw v2Error('refreshTtlRequired', 'No TTL value set');
}

const UINT64_MAX = 2n ** 64n - 1n;
const UINT64_DIGITS = /^\d{1,20}$/;

function readUint(form: Form, name: string, error: V2ErrorName): bigint {
  const text = form.get(name);
  if (text === undefined) return 0n;
  // A text of a million digits would cost BigInt a second.
  const digits = text.replace(/^0+(?=\d)/, '');
  const number = UINT64_DIGITS.test(digits) ? BigInt(digits) : undefined;
  if (number === undefined || number > UINT64_MAX)
    throw v2Error(error, `invalid value for "${name}"`);
  return number;
}

/** As Go's strconv.ParseBool reads them. */
const TRUE: readonly string[] = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE: readonly string[] = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** `shown`: how etcd writes the name in its complaint, with quotes or without. */
function readBool(form: Form, name: string, shown = `"${name}"`): boolean {
  const text = form.get(name);
  if (text === undefined || FALSE.includes(text)) return false;
  if (TRUE.includes(text)) return true;
  throw v2Error('invalidField', `invalid value for ${shown}`);
}
