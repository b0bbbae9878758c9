// Direct access of the checker to etcd, without the gateways. Each request goes to the next member after a failure.
import { setTimeout as pause } from 'node:timers/promises';
import { send } from '../support/http-client.js';

const ATTEMPT_MS = 1_000;
const PAUSE_MS = 50;

export class EtcdAccess {
  readonly #endpoints: readonly string[];
  #index = 0;

  constructor(endpoints: readonly string[]) {
    this.#endpoints = endpoints;
  }

  /** The member that receives the next request. */
  get endpoint(): string {
    return this.#endpoints[this.#index % this.#endpoints.length]!;
  }

  useNextMember(): void {
    this.#index++;
  }

  /** Sends once. Throws without a complete response or on a 5xx; the next request then goes to another member. */
  async once(path: string, body: object): Promise<any> {
    try {
      const signal = AbortSignal.timeout(ATTEMPT_MS);
      const response = await send(this.endpoint, 'POST', path, {
        body: JSON.stringify(body),
        signal,
      });
      if (response.status >= 500) throw new Error(`${response.status} ${response.text}`);
      return response.json();
    } catch (error) {
      this.useNextMember();
      throw error;
    }
  }

  /** Retries until it succeeds. Throws when the limit is reached. */
  async until(path: string, body: object, limitMs: number): Promise<any> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      try {
        return await this.once(path, body);
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await pause(PAUSE_MS);
      }
    }
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function textOf(base64Text: string | undefined): string {
  return Buffer.from(base64Text ?? '', 'base64').toString();
}
