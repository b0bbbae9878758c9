// Proves who a caller is before anything else of his reaches etcd: some versions of etcd answer leases, the status and the members to
// anybody. What was proved is believed for a while; rights are etcd's to check with every single call.
import { remainingMs } from '../../core/caller.js';
import type { Caller, Identity, Login } from '../../core/caller.js';
import { GatewayError } from '../../core/errors.js';
import { timeIsUp } from '../calls/errors.js';
import type { Endpoint } from '../endpoint.js';
import type { EndpointPool } from '../endpoints/pool.js';
import { parseObject } from '../json-values.js';
import { RPCS } from '../rpc.js';
import { RETRY_AFTER_SECONDS, classifyFailure } from '../status.js';
import { ExchangeError } from '../transport/http-adapter.js';
import type { Transport } from '../transport/transport.js';
import { authenticationIsOff, unauthenticated } from './call-authenticator.js';
import type { Access } from './call-authenticator.js';
import { AuthenticationState } from './authentication-state.js';
import type { Session } from './sessions.js';

/** A user whose password was changed, or who was deleted, is noticed after so long at the latest, whatever he asks for. */
const PROOF_MS = 30_000;
/** A token that only looks like one makes etcd wait for the log index that it names. */
const TOKEN_ANSWER_MS = 1_500;
/** A member that answers within this time without a token is silent because of the token. */
const HEALTHY_ANSWER_MS = 500;
/** For all members together; each has some seconds to check a password. */
const PROVING_MS = 10_000;
/** Logins that are remembered as proved; of more, the one that was not seen for longest proves itself anew. */
const PROVED_MAX = 10_000;
/** Reading it asks for a token that etcd knows; whether its owner may read it does not matter. */
const QUESTION = JSON.stringify({ key: Buffer.from('\0').toString('base64'), count_only: true });

type ProvableLogin = Exclude<Login, { kind: 'nobody' }>;

export interface ProofDeps {
  readonly pool: EndpointPool;
  readonly access: Access;
  readonly transport: Pick<Transport, 'unary'>;
  readonly state?: AuthenticationState;
  readonly now?: () => number;
}

/** What calls of an identity are made with at any member: etcd tells its tokens to all of them. */
export interface SharedSession {
  /** Undefined where etcd asks nobody. */
  readonly token: string | undefined;
  /** A member does not know it (any more): the next call opens another one. */
  readonly forget: () => void;
}

/** `allowed`: etcd answered the question itself, which it does for its root, or for everybody while it asks nobody who he is. */
const NO_SESSION: SharedSession = { token: undefined, forget: () => undefined };

/** etcd does not respond to a token, although it responds without one: the token names a log index that etcd has not reached. */
export class SilentTokenError extends GatewayError {}

type Answer = 'allowed' | 'known' | 'unknown' | 'silent' | 'queued' | 'unreachable';

export class Proofs {
  readonly #deps: ProofDeps;
  readonly #state: AuthenticationState;
  readonly #now: () => number;
  /** When a login was proved last, by its key; least recently used first. */
  readonly #proved = new Map<string, number>();
  /** By the login's key: many who come with the same one ask once. */
  readonly #proving = new Map<string, Promise<void>>();

  constructor(deps: ProofDeps) {
    this.#deps = deps;
    this.#state = deps.state ?? new AuthenticationState();
    this.#now = deps.now ?? (() => performance.now());
  }

  /** Whether this was proved not long ago. */
  isProved({ key }: ProvableLogin): boolean {
    const at = this.#proved.get(key);
    if (at === undefined) return false;
    if (this.#now() - at > PROOF_MS) {
      this.#proved.delete(key);
      return false;
    }
    // Used: to the end of the line.
    this.#proved.delete(key);
    this.#proved.set(key, at);
    return true;
  }

  /** Throws `unauthenticated`, `etcd-refused` where etcd asks nobody who he is, `etcd-unavailable` or `timeout` where it does not say. */
  async prove(caller: Caller, login: ProvableLogin): Promise<void> {
    return beforeDeadline(caller, this.check(caller.identity, login));
  }

  /** Like `prove`, without the deadline of a caller: settles when the result is known, after `PROVING_MS` at the latest. */
  async check(identity: Identity, login: ProvableLogin): Promise<void> {
    if (this.isProved(login)) return;
    const proving = this.#proving.get(login.key) ?? this.#prove(identity, login);
    if (!this.#proving.has(login.key)) {
      this.#proving.set(login.key, proving);
      const forget = (): void => void this.#proving.delete(login.key);
      proving.then(forget, forget);
    }
    return proving;
  }

  /** Nobody's haste, or hanging up, is another one's refusal: it has a time of its own. */
  async #prove(identity: Identity, login: ProvableLogin): Promise<void> {
    const provedAt = this.#now();
    const signal = new AbortController().signal;
    const deadline = performance.now() + PROVING_MS;
    const caller = { identity: { ...identity, login }, signal, deadline };
    if (login.kind === 'user') await this.#anyPass(caller, caller.identity);
    else await this.#proveToken(login.token.reveal());
    this.#proved.set(login.key, provedAt);
    const [oldest] = this.#proved.keys();
    if (this.#proved.size > PROVED_MAX && oldest !== undefined) this.#proved.delete(oldest);
  }

  /**
   * Resolves with true if one member responds within `timeoutMs` as etcd does without authentication. Silence proves nothing. Never
   * rejects.
   */
  async isAuthenticationOff(timeoutMs: number): Promise<boolean> {
    return (await this.#askWithoutToken(timeoutMs)) === 'allowed';
  }

  /** Throws `etcd-refused` if authentication is off, as `isAuthenticationOff` finds it. */
  async requireAuthentication(timeoutMs: number): Promise<void> {
    const answer = await this.#askWithoutToken(timeoutMs);
    if (answer === 'unknown') this.#state.note(false);
    if (answer !== 'allowed') return;
    this.#state.note(true);
    throw authenticationIsOff();
  }

  async #askWithoutToken(timeoutMs: number): Promise<Answer> {
    const [endpoint] = this.#deps.pool.candidates();
    if (endpoint === undefined) return 'unreachable';
    return this.#ask(endpoint, undefined, performance.now() + timeoutMs);
  }

  /** For calls whose member is not known before they are sent. Throws as `prove` does. */
  async sessionFor(caller: Caller): Promise<SharedSession> {
    if (this.#deps.access.isAnonymous(caller.identity)) return NO_SESSION;
    const { endpoint, session } = await this.#anyPass(caller, caller.identity);
    return {
      token: session?.token,
      forget: () => void this.#deps.access.renew(caller.identity, endpoint, session),
    };
  }

  async #anyPass(
    caller: Caller,
    identity: Identity,
  ): Promise<{ endpoint: Endpoint; session: Session | undefined }> {
    const { pool, access } = this.#deps;
    let error: GatewayError | undefined;
    for (const endpoint of pool.candidates()) {
      const pass = await within(caller, access.passFor(identity, endpoint, PROOF_MS));
      if (pass === undefined) throw timeIsUp(RPCS.range, false);
      if (pass.kind === 'pass') return { endpoint, session: pass.session };
      if (pass.kind === 'failed') throw pass.error;
      if (pass.fault !== undefined) pool.reportFailure(endpoint, pass.fault, pass.error);
      error = pass.error;
    }
    throw error ?? pool.whyNone();
  }

  /** Each member keeps its own account of the tokens that are alive. */
  async #proveToken(token: string): Promise<void> {
    const until = performance.now() + TOKEN_ANSWER_MS;
    const answers: Answer[] = [];
    let silent: Endpoint | undefined;
    for (const endpoint of this.#deps.pool.candidates()) {
      const answer = await this.#ask(endpoint, token, until);
      if (answer === 'known') {
        this.#state.note(false);
        return;
      }
      if (answer === 'allowed') {
        if ((await this.#ask(endpoint, undefined, until)) !== 'allowed') return;
        this.#state.note(true);
        throw authenticationIsOff();
      }
      if (answer === 'silent') silent ??= endpoint;
      answers.push(answer);
    }
    if (answers.includes('unknown')) throw unauthenticated('etcd does not know this token');
    if (silent === undefined && answers.includes('queued')) throw tooManyChecks();
    if (silent === undefined) throw this.#deps.pool.whyNone();
    const Silence = (await this.#isResponsive(silent)) ? SilentTokenError : GatewayError;
    throw new Silence('etcd-unavailable', {
      detail: 'etcd did not say in time whether it knows this token',
      hint: 'if this stays so the token is none of this cluster: authenticate again',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }

  async #ask(endpoint: Endpoint, token: string | undefined, until: number): Promise<Answer> {
    const leftMs = Math.max(1, until - performance.now());
    try {
      const { status, body } = await this.#read(endpoint, leftMs, token);
      if (status === 200) return 'allowed';
      const { code, authentication } = classifyFailure(parseObject(body));
      if (code === 'permission-denied') return 'known';
      return authentication === 'stale' ? 'unknown' : 'unreachable';
    } catch (cause) {
      if (cause instanceof ExchangeError && cause.wasQueued && !cause.wasConnecting)
        return 'queued';
      // Silence is held against the token, never against the member: anybody can send one that looks right.
      return performance.now() >= until - 1 ? 'silent' : 'unreachable';
    }
  }

  /** Without a token etcd responds after the index of the cluster is applied, which any real token waits for. */
  async #isResponsive(endpoint: Endpoint): Promise<boolean> {
    return this.#read(endpoint, HEALTHY_ANSWER_MS).then(
      () => true,
      () => false,
    );
  }

  /** A token may be forged and keep etcd waiting, so reads with one have connections of their own. */
  #read(endpoint: Endpoint, timeoutMs: number, token?: string): ReturnType<Transport['unary']> {
    return this.#deps.transport.unary(endpoint, {
      path: RPCS.range.path,
      body: QUESTION,
      headers: {
        'grpc-metadata-hasleader': 'true',
        ...(token !== undefined && { authorization: token }),
      },
      signal: new AbortController().signal,
      times: { headersTimeoutMs: timeoutMs, totalTimeoutMs: timeoutMs },
      ...(token !== undefined && { lane: 'tokens' }),
    });
  }
}

/** The token was not sent, so this does not count against it. */
function tooManyChecks(): GatewayError {
  return new GatewayError('etcd-unavailable', {
    detail: 'too many other tokens are being checked',
    hint: 'try again',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/** Throws `timeout` at the caller's deadline; the work continues. */
export async function beforeDeadline(caller: Caller, work: Promise<unknown>): Promise<void> {
  const isInTime = await within(
    caller,
    work.then(() => true),
  );
  if (isInTime === undefined) throw timeIsUp(RPCS.range, false);
}

async function within<T>(caller: Caller, answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(1, remainingMs(caller)));
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
