// The error code that a response reports, for the access log. Handlers that send errors record it here.
import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '../../core/errors.js';

const ERROR_CODE = Symbol('error code');

interface WithErrorCode {
  [ERROR_CODE]?: ErrorCode;
}

/** Call it wherever a response reports an error. A later call replaces the code. */
export function recordErrorCode(res: ServerResponse, code: ErrorCode): void {
  (res as WithErrorCode)[ERROR_CODE] = code;
}

/** Returns undefined for a success, and for an error response of etcd that passes unparsed. */
export function errorCodeOf(res: ServerResponse): ErrorCode | undefined {
  return (res as WithErrorCode)[ERROR_CODE];
}
