// The tokens that etcd gave for names and passwords: one for each user and member, since a member prolongs the tokens that it is shown,
// and its own only. Many who want one at the same time cost one call.
import type { UserLogin } from '../../core/caller.js';
import type { Endpoint } from '../endpoint.js';
import type { Authenticate, Authentication } from './authenticate.js';

/** What a call to a member is made with. Without a token etcd asks for none. */
export interface Session {
  readonly token: string | undefined;
  /** `performance.now()`. */
  readonly since: number;
}

export type Opened =
  | { readonly kind: 'open'; readonly session: Session }
  | Exclude<Authentication, { kind: 'token' | 'off' }>;

/** Users whose tokens are kept; of more, the one who was not seen for longest proves himself anew. */
const LOGINS_MAX = 10_000;

interface Place {
  session: Session | undefined;
  opening: Promise<Opened> | undefined;
}

export class Sessions {
  readonly #authenticate: Authenticate;
  readonly #now: () => number;
  /** By login, least recently used first; then by the member's URL. */
  readonly #places = new Map<string, Map<string, Place>>();

  constructor(authenticate: Authenticate, now: () => number = () => performance.now()) {
    this.#authenticate = authenticate;
    this.#now = now;
  }

  /** One that is there already and not older than `ageMsMax`. */
  current(login: UserLogin, endpoint: Endpoint, ageMsMax = Infinity): Session | undefined {
    const session = this.#places.get(login.key)?.get(endpoint.url)?.session;
    return session !== undefined && this.#now() - session.since <= ageMsMax ? session : undefined;
  }

  /** One that is not older than `ageMsMax`. Never rejects. */
  async open(login: UserLogin, endpoint: Endpoint, ageMsMax?: number): Promise<Opened> {
    const place = this.#placeOf(login, endpoint);
    const session = this.current(login, endpoint, ageMsMax);
    if (session !== undefined) return { kind: 'open', session };
    place.opening ??= this.#open(login, endpoint, place).finally(() => (place.opening = undefined));
    return place.opening;
  }

  /** The member refuses it: whoever comes next opens another one. */
  drop(login: UserLogin, endpoint: Endpoint, session: Session): void {
    const place = this.#places.get(login.key)?.get(endpoint.url);
    if (place?.session === session) place.session = undefined;
  }

  async #open(login: UserLogin, endpoint: Endpoint, place: Place): Promise<Opened> {
    const since = this.#now();
    const answer = await this.#authenticate(endpoint, login.name, login.password.reveal());
    switch (answer.kind) {
      case 'token':
      case 'off': {
        const token = answer.kind === 'token' ? answer.token : undefined;
        place.session = { token, since };
        return { kind: 'open', session: place.session };
      }
      case 'wrong':
        // Nothing that was proved wrong takes the room of what was proved right.
        this.#places.delete(login.key);
        return answer;
      case 'failed':
        return answer;
    }
  }

  #placeOf(login: UserLogin, endpoint: Endpoint): Place {
    const places = this.#places.get(login.key) ?? new Map<string, Place>();
    this.#places.delete(login.key);
    this.#places.set(login.key, places);
    const [oldest] = this.#places.keys();
    if (this.#places.size > LOGINS_MAX && oldest !== undefined) this.#places.delete(oldest);
    const place = places.get(endpoint.url) ?? { session: undefined, opening: undefined };
    places.set(endpoint.url, place);
    return place;
  }
}
