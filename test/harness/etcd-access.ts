// The checker's own way to etcd, around the gateways: one call after the other to whichever member answers.
import { setTimeout as pause } from 'node:timers/promises';
import { send } from '../support/http-client.js';

const ATTEMPT_MS = 1_000;
const PAUSE_MS = 50;

export class EtcdAccess {
  readonly #endpoints: readonly string[];
  #turn = 0;

  constructor(endpoints: readonly string[]) {
    this.#endpoints = endpoints;
  }

  /** The next member to ask. */
  get endpoint(): string {
    return this.#endpoints[this.#turn % this.#endpoints.length]!;
  }

  turn(): void {
    this.#turn++;
  }

  /** One try; throws when there is no whole answer, or one of the 5xx. Goes to another member then. */
  async once(path: string, body: object): Promise<any> {
    try {
      const signal = AbortSignal.timeout(ATTEMPT_MS);
      const answer = await send(this.endpoint, 'POST', path, {
        body: JSON.stringify(body),
        signal,
      });
      if (answer.status >= 500) throw new Error(`${answer.status} ${answer.text}`);
      return answer.json();
    } catch (error) {
      this.turn();
      throw error;
    }
  }

  /** Tries until it is answered; throws when the limit is over. */
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
