// Whether etcd's authentication is enabled, as its latest response shows. Each change is reported once, however many requests meet it.
import type { Authenticate } from './authenticate.js';

export class AuthenticationState {
  readonly #onChange: (isOff: boolean) => void;
  #isOff = false;

  constructor(onChange: (isOff: boolean) => void = () => undefined) {
    this.#onChange = onChange;
  }

  note(isOff: boolean): void {
    if (isOff === this.#isOff) return;
    this.#isOff = isOff;
    this.#onChange(isOff);
  }

  /** Returns `authenticate`, and notes what each of its results shows. */
  noting(authenticate: Authenticate): Authenticate {
    return async (endpoint, name, password) => {
      const result = await authenticate(endpoint, name, password);
      if (result.kind !== 'failed') this.note(result.kind === 'off');
      return result;
    };
  }
}
