// Sets the outcome of a write that consists of several steps, when one of them fails.
import { GatewayError } from '../../core/errors.js';
import { RETRY_AFTER_SECONDS } from '../status.js';

const SERVER_FAULT_STATUS = 502;

/** Waits for a step before the write. Its errors get the outcome `not-applied`, because the write is not sent. */
export async function beforeWrite<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw error instanceof GatewayError ? withOutcomeNotApplied(error) : error;
  }
}

/** Waits for a step after the write. Its errors get the outcome `unknown`. */
export async function afterWrite<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw error instanceof GatewayError ? withOutcomeUnknown(error) : error;
  }
}

/** Returns the error with the outcome `unknown`. Errors below 502 have no outcome and stay as they are. */
export function withOutcomeUnknown(error: GatewayError): GatewayError {
  if (error.status < SERVER_FAULT_STATUS || error.outcome === 'unknown') return error;
  return new GatewayError(error.code, {
    detail: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    outcome: 'unknown',
    fields: error.fields,
    headers: error.headers,
    cause: error,
  });
}

/** Returns the error with the outcome `not-applied`. Errors below 502 have no outcome and stay as they are. */
export function withOutcomeNotApplied(error: GatewayError): GatewayError {
  if (error.status < SERVER_FAULT_STATUS) return error;
  return new GatewayError(error.code, {
    detail: `${error.message}; nothing was changed`,
    // The hint for an unknown outcome does not apply here.
    ...(error.hint !== undefined && error.outcome !== 'unknown' && { hint: error.hint }),
    outcome: 'not-applied',
    retryAfterSeconds: error.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    fields: error.fields,
    headers: error.headers,
    cause: error,
  });
}
