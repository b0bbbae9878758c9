// What a write says of itself when a step before it failed: nothing happened, whatever became of that step.
import { GatewayError } from '../../core/errors.js';
import { RETRY_AFTER_SECONDS } from '../status.js';

const SERVER_FAULT_STATUS = 502;

/** Waits for a step without which the write is not sent. Its failures are told with the outcome `not-applied`. */
export async function beforeWrite<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw error instanceof GatewayError ? withOutcomeNotApplied(error) : error;
  }
}

/** Waits for a step behind one that wrote. Its failures are told with the outcome `unknown`. */
export async function afterWrite<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw error instanceof GatewayError ? withOutcomeUnknown(error) : error;
  }
}

/** The same error as one of a write of which something may have happened; those that are no question of outcome stay as they are. */
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

/** The same error as one of a write that surely did not happen; those that are no question of outcome stay as they are. */
export function withOutcomeNotApplied(error: GatewayError): GatewayError {
  if (error.status < SERVER_FAULT_STATUS) return error;
  return new GatewayError(error.code, {
    detail: `${error.message}; nothing was changed`,
    // That of an unknown outcome is no advice any more.
    ...(error.hint !== undefined && error.outcome !== 'unknown' && { hint: error.hint }),
    outcome: 'not-applied',
    retryAfterSeconds: error.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    fields: error.fields,
    headers: error.headers,
    cause: error,
  });
}
