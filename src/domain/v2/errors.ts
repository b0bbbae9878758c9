// The errors of the v2 API by their numbers. Inside the house they are GatewayErrors that carry number, cause and index along; the door
// gives them their shape.
import { GatewayError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import { textOf } from './tree/path.js';

const CODES = {
  keyNotFound: [100, 'key-not-found'],
  compareFailed: [101, 'precondition-failed'],
  notAFile: [102, 'invalid-request'],
  notADirectory: [104, 'invalid-request'],
  keyExists: [105, 'already-exists'],
  keyReserved: [106, 'reserved-prefix'],
  rootReadOnly: [107, 'invalid-request'],
  directoryNotEmpty: [108, 'invalid-request'],
  unauthorized: [110, 'unauthenticated'],
  prevValueRequired: [201, 'invalid-request'],
  ttlNaN: [202, 'invalid-request'],
  indexNaN: [203, 'invalid-request'],
  invalidField: [209, 'invalid-request'],
  invalidForm: [210, 'invalid-request'],
  refreshValue: [211, 'invalid-request'],
  refreshTtlRequired: [212, 'invalid-request'],
  raftInternal: [300, 'etcd-unavailable'],
  leaderElect: [301, 'no-leader'],
  eventIndexCleared: [401, 'revision-compacted'],
} as const satisfies Record<string, readonly [number, ErrorCode]>;

export type V2ErrorName = keyof typeof CODES;

/** What a v2 client is told besides the message that belongs to the number. */
export interface V2ErrorFields {
  readonly errorCode: number;
  /** Absent from the answer when it is empty. */
  readonly cause: string;
  /** The store's; 0 for requests that were not understood. */
  readonly index: number;
}

export function v2Error(name: V2ErrorName, cause: string, index = 0): GatewayError {
  const [errorCode, code] = CODES[name];
  const fields: V2ErrorFields = { errorCode, cause, index };
  return new GatewayError(code, { detail: `${name}: ${cause}`, fields: { v2: fields } });
}

/** An error about a node: its cause is the node's path. */
export function nodeError(name: V2ErrorName, path: string, index: number): GatewayError {
  return v2Error(name, textOf(path), index);
}

/** The fields of an error that was made here; `undefined` for all others. */
export function v2FieldsOf(error: GatewayError): V2ErrorFields | undefined {
  return error.fields.v2 as V2ErrorFields | undefined;
}
