// Records whether etcd's authentication is enabled, according to its latest response. Reports each change once, however many requests find it.
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

  /** Wraps `authenticate` so that each of its results updates the state. */
  observe(authenticate: Authenticate): Authenticate {
    return async (endpoint, name, password) => {
      const result = await authenticate(endpoint, name, password);
      if (result.kind !== 'failed') this.note(result.kind === 'off');
      return result;
    };
  }
}
