// POST /v1/locks/{name}/hold: the lock is held as long as the connection is open. Errors before the first event are problem documents, later
// ones are events.
import type { Request, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import { holdLock } from '../../domain/locks/hold.js';
import type { HoldEvent } from '../../domain/locks/hold.js';
import type { LockDeps } from '../../domain/locks/locks.js';
import { contextOf } from '../request/context.js';
import type { OperationBody } from '../contract/operation-types.js';
import { recordErrorCode } from '../response/error-code.js';
import { toProblem } from '../response/problem.js';
import { openEventStream } from '../response/event-stream.js';
import type { EventStream } from '../response/event-stream.js';
import { toAcquiredBody, toLockRequest } from './lock-body.js';

export async function streamHold(
  deps: LockDeps,
  req: Request,
  res: Response,
  name: string,
  body: OperationBody<'holdLock'>,
): Promise<void> {
  const { caller, requestId } = contextOf(req);
  let stream: EventStream | undefined;
  const send = (event: HoldEvent): void => {
    stream ??= openEventStream(res);
    stream.send(event.kind, toEventData(event));
  };
  const request = {
    ...toLockRequest(name, body),
    waitSeconds: body.wait,
    confirmEverySeconds: body.confirmEvery,
  };
  try {
    await holdLock(caller, deps, request, send);
  } catch (error) {
    if (!(error instanceof GatewayError) || (stream === undefined && error.code !== 'lock-held'))
      throw error;
    // The end of the wait is an event even if it is the first: the client reads a stream.
    stream ??= openEventStream(res);
    recordErrorCode(res, error.code);
    stream.send(toEventName(error), toProblem(error, requestId));
  }
  stream?.end();
}

function toEventName(error: GatewayError): string {
  if (error.code === 'lock-held') return 'timeout';
  return error.code === 'shutting-down' ? 'draining' : 'error';
}

function toEventData(event: HoldEvent): unknown {
  switch (event.kind) {
    case 'waiting':
      return { position: event.position };
    case 'acquired':
      return toAcquiredBody(event.acquired);
    case 'lost':
      return { reason: event.reason };
    case 'draining':
      return {};
  }
}
