// Error responses of the v2 API. Below /v2/keys they have a number, its message, a cause and the index of the store. All other v2 paths
// return only a message.
import type { Response } from 'express';
import type { GatewayError } from '../../core/errors.js';
import { v2FieldsOf } from '../../domain/v2/errors.js';
import type { V2ErrorFields } from '../../domain/v2/errors.js';
import { recordErrorCode } from '../response/error-code.js';
import { encodeGoJson } from './event-body.js';
import { sendMethodNotAllowed, sendPlainText } from './responses.js';

/** etcd's message for each number. */
const MESSAGES: Readonly<Record<number, string>> = {
  100: 'Key not found',
  101: 'Compare failed',
  102: 'Not a file',
  104: 'Not a directory',
  105: 'Key already exists',
  106: 'The prefix of given key is a keyword in etcd',
  107: 'Root is read only',
  108: 'Directory not empty',
  110: 'The request requires user authentication',
  201: 'PrevValue is Required in POST form',
  202: 'The given TTL in POST form is not a number',
  203: 'The given index in POST form is not a number',
  209: 'Invalid field',
  210: 'Invalid POST form',
  211: 'Value provided on refresh',
  212: 'A TTL must be provided on refresh',
  300: 'Raft Internal Error',
  301: 'During Leader Election',
  401: 'The event in requested index is outdated and cleared',
  500: 'Client Internal Error',
};

const STATUSES: Readonly<Record<number, number>> = {
  100: 404,
  101: 412,
  102: 403,
  105: 412,
  108: 403,
  110: 401,
  300: 500,
  301: 500,
};
const OTHER_STATUS = 400;

/** The only place that turns an error of the gateway into a response of /v2/keys. */
export function sendV2Error(res: Response, error: GatewayError): void {
  recordErrorCode(res, error.code);
  if (error.code === 'method-not-allowed') {
    sendMethodNotAllowed(res, KEYS_METHODS);
    return;
  }
  const { status, index, text } = toV2Error(error);
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('X-Etcd-Index', index);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** Returns the status and body of an error below /v2/keys. */
export function toV2Error(error: GatewayError): { status: number; index: number; text: string } {
  const fields = v2FieldsOf(error);
  const { errorCode, cause, index } = fields ?? inferFields(error);
  const body = { errorCode, message: MESSAGES[errorCode], cause: cause || undefined, index };
  return { status: statusOf(error, errorCode, fields), index, text: encodeGoJson(body) };
}

/** Sends an error at v2 paths other than /v2/keys, in the format of etcd 3.4. */
export function sendV2Message(res: Response, error: GatewayError): void {
  recordErrorCode(res, error.code);
  // The error already has the `Allow` header.
  if (error.code === 'method-not-allowed') sendPlainText(res, error.status, 'Method Not Allowed\n');
  else {
    const { status, text } = toV2Message(error);
    res.statusCode = status;
    res.setHeader('Content-Type', 'application/json');
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.end(text);
  }
}

/** Returns the status and body of an error at v2 paths other than /v2/keys. */
export function toV2Message(error: GatewayError): { status: number; text: string } {
  // etcd has no other status for temporary failures.
  const status = Math.min(error.status, SERVER_FAULT_STATUS);
  if (error.code === 'unauthenticated') return { status, text: messageBody(NO_CREDENTIALS) };
  const parts = [error.message, error.hint, error.outcome && `outcome: ${error.outcome}`];
  return { status, text: messageBody(parts.filter(Boolean).join('; ')) };
}

function messageBody(message: string): string {
  return JSON.stringify({ message });
}

const NO_CREDENTIALS = 'Insufficient credentials';

export const KEYS_METHODS: readonly string[] = ['HEAD', 'GET', 'PUT', 'POST', 'DELETE'];

function statusOf(error: GatewayError, errorCode: number, fields?: V2ErrorFields): number {
  // Errors without a v2 number keep the status of the gateway.
  if (fields === undefined && errorCode === CLIENT_ERROR) return error.status;
  return STATUSES[errorCode] ?? OTHER_STATUS;
}

const CLIENT_ERROR = 500;
const UNAUTHORIZED = 110;
const RAFT_INTERNAL = 300;
const SERVER_FAULT_STATUS = 500;

/** For errors that the v2 code did not create: those of request checks, authentication and etcd. */
function inferFields(error: GatewayError): V2ErrorFields {
  if (error.code === 'unauthenticated' || error.code === 'permission-denied')
    return { errorCode: UNAUTHORIZED, cause: NO_CREDENTIALS, index: 0 };
  const outcome = error.outcome === 'not-applied' ? '; nothing was changed' : '';
  const cause = error.message.includes('nothing was changed')
    ? error.message
    : `${error.message}${outcome}`;
  const errorCode = error.status >= SERVER_FAULT_STATUS ? RAFT_INTERNAL : CLIENT_ERROR;
  return { errorCode, cause, index: 0 };
}
