// A client of the lock API who writes down whatever he asks and is answered.
import type { Call, CallKind, Mode } from './call.js';
import type { Exchange, StreamEvent } from '../harness/door.js';
import { RecordingUser } from '../harness/recording-user.js';
import { GUARDED } from './history.js';

/** Past the call's own wait and what the liveness check allows, the client gives up. */
const PATIENCE_MS = 40_000;

export interface Ask {
  readonly lock: string;
  readonly mode: Mode;
  readonly ttlSeconds: number | null;
  readonly waitMs: number;
  /** A chosen one. */
  readonly token: string | undefined;
}

/** A holding as its client knows it. */
export interface Held {
  readonly lock: string;
  readonly token: string;
  readonly fencingToken: number;
}

export interface Attempt {
  readonly call: Call;
  /** Resolves with the finished call; of a hold when its connection has ended. */
  readonly done: Promise<Call>;
  /** Resolves when the call was told "acquired", or has ended without. */
  readonly told: Promise<Call>;
  cut(): void;
}

export class LockUser extends RecordingUser<Call> {
  acquire(replica: number, ask: Ask): Attempt {
    const call = this.#begin('acquire', replica, ask.lock, asked(ask));
    const exchange = this.#send(call, 'PUT', '', this.#body(call, ask));
    const done = this.#finish(call, 'acquireLock', exchange, (body) => this.#told(call, body));
    return { call, done, told: done, cut: () => exchange.cut() };
  }

  /** Ends when the client cuts it, the gateway ends it, or the connection breaks. */
  hold(replica: number, ask: Ask): Attempt {
    const call = this.#begin('hold', replica, ask.lock, asked(ask));
    let tell: (call: Call) => void = () => undefined;
    const acquired = new Promise<Call>((resolve) => (tell = resolve));
    const onEvent = (event: StreamEvent): void => {
      if (event.event === 'acquired') {
        this.#told(call, event.data);
        tell(call);
      } else if (event.event === 'timeout' || event.event === 'error')
        this.#problem(call, event.data);
    };
    const exchange = this.#send(call, 'POST', '/hold', this.#body(call, ask), onEvent);
    const done = this.#finish(call, 'holdLock', exchange, () => undefined);
    return { call, done, told: Promise.race([acquired, done]), cut: () => exchange.cut() };
  }

  renew(replica: number, held: Held): Promise<Call> {
    const { lock, token, fencingToken } = held;
    const call = this.#begin('keepalive', replica, lock, { token, asksFor: fencingToken });
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
    const call = this.#begin('guarded-write', replica, lock, { asksFor: fencingToken });
    const exchange = this.door(replica).send({
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
    return this.note({
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

  #body(call: Call, { mode, ttlSeconds, waitMs, token }: Ask): object {
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
    // A hold lasts as long as its client wants; none of the checker's wants it for longer.
    const limitMs = call.waitMs + PATIENCE_MS;
    return this.door(call.replica).send({
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
    const reply = await this.noteEnd(call, operation, exchange);
    if (reply === undefined) return call;
    // The problem of a hold that failed came as an event.
    call.status ??= reply.status;
    if (reply.headers['content-type']?.startsWith('text/event-stream') === true) return call;
    const body: any = JSON.parse(reply.text);
    if (reply.status === 200) accept(body);
    else this.#problem(call, body);
    return call;
  }

  #told(call: Call, body: any): void {
    const { token, fencingToken, expiresAt, owner, mode } = body;
    call.toldAt = performance.now();
    if (owner !== this.name || mode !== call.mode || (call.token ?? token) !== token)
      call.deviation = `it is about another acquisition: ${JSON.stringify(body)}`;
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

function asked({ mode, ttlSeconds, waitMs, token }: Ask): Partial<Call> {
  return { mode, ttlSeconds, waitMs, isTokenChosen: token !== undefined, token };
}

/** A moment that an answer names, on the clock of the checker. */
function monotonic(date: string | null): number | undefined {
  return date === null ? undefined : Date.parse(date) - Date.now() + performance.now();
}

/** What a call that was told "acquired" holds. */
export function heldBy({ lock, token, fencingToken, toldAt }: Call): Held | undefined {
  if (toldAt === undefined || token === undefined || fencingToken === undefined) return undefined;
  return { lock, token, fencingToken };
}
