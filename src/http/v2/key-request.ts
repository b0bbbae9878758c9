// Parses the parameters of /v2/keys. The checks have the order of etcd, so that a request with several mistakes gets the same error.
import { v2Error } from '../../domain/v2/errors.js';
import type { V2ErrorName } from '../../domain/v2/errors.js';
import { latin1Bytes } from '../../domain/v2/tree/path.js';
import type { Form } from './form.js';

export interface KeyParameters {
  readonly value: Buffer;
  /** Empty matches every value. */
  readonly prevValue: Buffer;
  /** 0 matches every index. */
  readonly prevIndex: bigint;
  readonly prevExist: boolean | undefined;
  /** 0 for new events only. */
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

/** Throws v2 errors. */
export function parseKeyParameters(method: string, form: Form): KeyParameters {
  const prevIndex = parseUint(form, 'prevIndex', 'indexNaN');
  const waitIndex = parseUint(form, 'waitIndex', 'indexNaN');
  const isRecursive = parseBool(form, 'recursive');
  // Nodes are always sorted. The value only has to be valid.
  parseBool(form, 'sorted');
  const isWait = parseBool(form, 'wait');
  const isDirectory = parseBool(form, 'dir');
  const isQuorum = parseBool(form, 'quorum');
  const isStream = parseBool(form, 'stream');
  if (isWait && method !== 'GET')
    throw v2Error('invalidField', '"wait" can only be used with GET requests');
  const prevValue = form.get('prevValue');
  if (prevValue === '') throw v2Error('prevValueRequired', '"prevValue" cannot be empty');
  const isWithoutValue = parseBool(form, 'noValueOnSuccess');
  const hasTtl = (form.get('ttl') ?? '') !== '';
  const ttl = hasTtl ? parseUint(form, 'ttl', 'ttlNaN') : undefined;
  const prevExist = form.has('prevExist') ? parseBool(form, 'prevExist', 'prevExist') : undefined;
  const isRefresh = parseBool(form, 'refresh', 'refresh');
  if (isRefresh) checkRefresh(form, ttl);
  return {
    value: latin1Bytes(form.get('value') ?? ''),
    prevValue: latin1Bytes(prevValue ?? ''),
    prevIndex,
    prevExist,
    waitIndex,
    ttl,
    isDirectory,
    isRecursive,
    isRefresh,
    isStream,
    // With `quorum`, etcd ignores `wait` and responds at once. Every read of the gateway goes through the quorum.
    isWait: isWait && !isQuorum,
    isWithoutValue,
  };
}

function checkRefresh(form: Form, ttl: bigint | undefined): void {
  if ((form.get('value') ?? '') !== '')
    throw v2Error('refreshValue', 'A value was provided on a refresh');
  if (ttl === undefined) throw v2Error('refreshTtlRequired', 'No TTL value set');
}

const UINT64_MAX = 2n ** 64n - 1n;
const UINT64_DIGITS = /^\d{1,20}$/;

function parseUint(form: Form, name: string, error: V2ErrorName): bigint {
  const text = form.get(name);
  if (text === undefined) return 0n;
  // BigInt would take a second for a million digits.
  const digits = text.replace(/^0+(?=\d)/, '');
  const number = UINT64_DIGITS.test(digits) ? BigInt(digits) : undefined;
  if (number === undefined || number > UINT64_MAX)
    throw v2Error(error, `invalid value for "${name}"`);
  return number;
}

/** The values that Go's strconv.ParseBool accepts. */
const TRUE: readonly string[] = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE: readonly string[] = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** `displayName` is the name in etcd's message, with or without quotes. */
function parseBool(form: Form, name: string, displayName = `"${name}"`): boolean {
  const text = form.get(name);
  if (text === undefined || FALSE.includes(text)) return false;
  if (TRUE.includes(text)) return true;
  throw v2Error('invalidField', `invalid value for ${displayName}`);
}
