// A client of the lock API that records each request and its response.
import type { Call, CallKind, Mode } from './call.js';
import type { Exchange, StreamEvent } from '../harness/gateway-client.js';
import { RecordingUser } from '../harness/recording-user.js';
import { GUARDED } from './history.js';

/** The client gives up after the wait of the call plus this, which is more than the liveness check allows. */
const PATIENCE_MS = 40_000;

export interface AcquireRequest {
  readonly lock: string;
  readonly mode: Mode;
  readonly ttlSeconds: number | null;
  readonly waitMs: number;
  /** A token that the client chose. */
  readonly token: string | undefined;
}

/** A held lock as its client sees it. */
export interface HeldLock {
  readonly lock: string;
  readonly token: string;
  readonly fencingToken: number;
}

export interface Attempt {
  readonly call: Call;
  /** Resolves with the finished call. A hold finishes when its connection closes. */
  readonly done: Promise<Call>;
  /** Resolves when the client receives "acquired" or the call ends. */
  readonly acquired: Promise<Call>;
  cut(): void;
}

export class LockUser extends RecordingUser<Call> {
  acquire(replica: number, request: AcquireRequest): Attempt {
    const call = this.#begin('acquire', replica, request.lock, callFields(request));
    const exchange = this.#send(call, 'PUT', '', this.#body(call, request));
    const done = this.#finish(call, 'acquireLock', exchange, (body) => this.#acquired(call, body));
    return { call, done, acquired: done, cut: () => exchange.cut() };
  }

  /** Ends when the client or the gateway closes it, or the connection breaks. */
  hold(replica: number, request: AcquireRequest): Attempt {
    const call = this.#begin('hold', replica, request.lock, callFields(request));
    let resolveAcquired: (call: Call) => void = () => undefined;
    const acquired = new Promise<Call>((resolve) => (resolveAcquired = resolve));
    const onEvent = (event: StreamEvent): void => {
      if (event.event === 'acquired') {
        this.#acquired(call, event.data);
        resolveAcquired(call);
      } else if (event.event === 'timeout' || event.event === 'error')
        this.#problem(call, event.data);
    };
    const exchange = this.#send(call, 'POST', '/hold', this.#body(call, request), onEvent);
    const done = this.#finish(call, 'holdLock', exchange, () => undefined);
    return { call, done, acquired: Promise.race([acquired, done]), cut: () => exchange.cut() };
  }

  renew(replica: number, held: HeldLock): Promise<Call> {
    const { lock, token, fencingToken } = held;
    const call = this.#begin('keepalive', replica, lock, {
      token,
      requestedFencingToken: fencingToken,
    });
    const exchange = this.#send(call, 'POST', '/keepalive', { token, fencingToken });
    return this.#finish(call, 'renewLock', exchange, (body) => {
      call.fencingToken = body.fencingToken;
      call.claimedUntil = monotonic(body.expiresAt);
    });
  }

  release(replica: number, lock: string, token: string): Promise<Call> {
    const call = this.#begin('release', replica, lock, { token });
    return this.#finish(call, 'releaseLock', this.#send(call, 'DELETE', '', { token }));
  }

  releaseByOwner(replica: number, lock: string): Promise<Call> {
    const call = this.#begin('release-by-owner', replica, lock);
    return this.#finish(call, 'releaseLock', this.#send(call, 'DELETE', '', { owner: this.name }));
  }

  force(replica: number, lock: string): Promise<Call> {
    const call = this.#begin('force', replica, lock);
    return this.#finish(call, 'releaseLock', this.#send(call, 'DELETE', '?force=true'));
  }

  inspect(replica: number, lock: string): Promise<Call> {
    const call = this.#begin('inspect', replica, lock);
    return this.#finish(call, 'inspectLock', this.#send(call, 'GET', ''), (body) => {
      call.holders = body.holders.map((holder: { fencingToken: number }) => holder.fencingToken);
    });
  }

  guardedWrite(replica: number, lock: string, fencingToken: number): Promise<Call> {
    const call = this.#begin('guarded-write', replica, lock, {
      requestedFencingToken: fencingToken,
    });
    const exchange = this.clientOf(replica).send({
      method: 'PUT',
      path: `/v1/kv/${encodeURIComponent(GUARDED + lock)}`,
      body: {
        value: JSON.stringify({ call: call.id, fencingToken }),
        guard: { lock, fencingToken },
      },
      limitMs: PATIENCE_MS,
    });
    return this.#finish(call, 'putKey', exchange, (body) => (call.revision = body.revision));
  }

  #begin(kind: CallKind, replica: number, lock: string, more: Partial<Call> = {}): Call {
    return this.record({
      waitMs: 0,
      ...more,
      id: this.nextId(),
      kind,
      client: this.name,
      lock,
      replica,
      startedAt: performance.now(),
    });
  }

  #body(call: Call, { mode, ttlSeconds, waitMs, token }: AcquireRequest): object {
    return {
      owner: this.name,
      mode,
      ttl: ttlSeconds,
      wait: waitMs / 1000,
      metadata: { call: call.id },
      ...(token !== undefined && { token }),
    };
  }

  #send(
    call: Call,
    method: string,
    tail: string,
    body?: object,
    onEvent?: (event: StreamEvent) => void,
  ): Exchange {
    // A hold lasts as long as its client stays connected. No client of the checker stays longer than this.
    const limitMs = call.waitMs + PATIENCE_MS;
    return this.clientOf(call.replica).send({
      method,
      path: `/v1/locks/${encodeURIComponent(call.lock)}${tail}`,
      limitMs,
      ...(body !== undefined && { body }),
      ...(onEvent !== undefined && { onEvent }),
    });
  }

  async #finish(
    call: Call,
    operation: string,
    exchange: Exchange,
    accept: (body: any) => void = () => undefined,
  ): Promise<Call> {
    const reply = await this.recordEnd(call, operation, exchange);
    if (reply === undefined) return call;
    // A failed hold receives its problem as an event.
    call.status ??= reply.status;
    if (reply.headers['content-type']?.startsWith('text/event-stream') === true) return call;
    const body: any = JSON.parse(reply.text);
    if (reply.status === 200) accept(body);
    else this.#problem(call, body);
    return call;
  }

  #acquired(call: Call, body: any): void {
    const { token, fencingToken, expiresAt, owner, mode } = body;
    call.acquiredAt = performance.now();
    if (owner !== this.name || mode !== call.mode || (call.token ?? token) !== token)
      call.deviation = `the response is about another acquisition: ${JSON.stringify(body)}`;
    call.token = token;
    call.fencingToken = fencingToken;
    call.claimedUntil = monotonic(expiresAt);
  }

  #problem(call: Call, body: any): void {
    call.status = body.status;
    call.code = body.code;
    if (body.outcome !== undefined) call.outcome = body.outcome;
  }
}

function callFields({ mode, ttlSeconds, waitMs, token }: AcquireRequest): Partial<Call> {
  return { mode, ttlSeconds, waitMs, isTokenChosen: token !== undefined, token };
}

/** Converts a time in a response to the monotonic clock of the checker. */
function monotonic(date: string | null): number | undefined {
  return date === null ? undefined : Date.parse(date) - Date.now() + performance.now();
}

/** Returns the lock that the call acquired. */
export function heldLockOf({ lock, token, fencingToken, acquiredAt }: Call): HeldLock | undefined {
  if (acquiredAt === undefined || token === undefined || fencingToken === undefined)
    return undefined;
  return { lock, token, fencingToken };
}
