// The errors of the v2 API by their numbers. They are GatewayErrors with number, cause and index as fields. http/v2/errors.ts turns these
// fields into a response.
import { GatewayError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import { displayPath } from './tree/path.js';

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

/** The fields of a v2 error response. The message follows from the number. */
export interface V2ErrorFields {
  readonly errorCode: number;
  /** Left out of the response if empty. */
  readonly cause: string;
  /** The index of the store; 0 for invalid requests. */
  readonly index: number;
}

export function v2Error(name: V2ErrorName, cause: string, index = 0): GatewayError {
  const [errorCode, code] = CODES[name];
  const fields: V2ErrorFields = { errorCode, cause, index };
  return new GatewayError(code, { detail: `${name}: ${cause}`, fields: { v2: fields } });
}

/** The cause of the error is the node's path. */
export function nodeError(name: V2ErrorName, path: string, index: number): GatewayError {
  return v2Error(name, displayPath(path), index);
}

/** Returns `undefined` for errors that `v2Error` did not create. */
export function v2FieldsOf(error: GatewayError): V2ErrorFields | undefined {
  return error.fields.v2 as V2ErrorFields | undefined;
}
