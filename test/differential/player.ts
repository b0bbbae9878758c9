// Plays a sequence against one door and notes down what it answers: requests one after the other, waits beside them.
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { send } from '../support/http-client.js';
import { resolve } from './step.js';
import type { Brought, RequestStep, Step } from './step.js';

/** What a step was answered with: 0 and what went wrong where there was no answer. A wait's is what has come so far. */
export interface Told {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** Of a wait: the server has ended the answer. */
  readonly isEnded?: boolean;
}

const OPEN_LIMIT_MS = 15_000;
/** A node that has not ended by then is seen by the steps that follow. */
const END_LIMIT_MS = 10_000;
const END_POLL_MS = 100;

interface OpenWait {
  readonly told: () => Told;
  readonly close: () => void;
}

export class Player {
  readonly #baseUrl: string;
  readonly #root: string;
  readonly #brought = new Map<number, Brought>();
  readonly #answers = new Map<number, Told>();
  readonly #waits = new Map<number, OpenWait>();

  constructor(baseUrl: string, root: string) {
    this.#baseUrl = baseUrl;
    this.#root = root;
  }

  async play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'request': {
        const told = await this.#send(step);
        this.#answers.set(step.id, told);
        this.#brought.set(step.id, broughtBy(told));
        return;
      }
      case 'wait': {
        this.#waits.set(step.id, await openWait(this.#baseUrl, this.#resolve(step.target)));
        return;
      }
      case 'end':
        await this.#untilGone(this.#resolve(step.target));
    }
  }

  /** By the id of the step. */
  told(): Map<number, Told> {
    const waits = [...this.#waits].map(([id, wait]) => [id, wait.told()] as const);
    return new Map([...this.#answers, ...waits]);
  }

  /** How far the waits are. */
  get received(): string {
    return [...this.#waits.values()].map((wait) => lineCount(wait.told())).join(' ');
  }

  /** Ends its waits, and removes what it made. */
  async leave(): Promise<void> {
    for (const wait of this.#waits.values()) wait.close();
    const keys = [...this.#brought.values()].map(({ key }) => key ?? '/');
    const astray = keys.filter((key) => /^\/\d+$/.test(key));
    for (const key of [...astray, `/${this.#root}`])
      await send(this.#baseUrl, 'DELETE', `/v2/keys${key}?recursive=true`);
  }

  #resolve(template: string): string {
    return resolve(template, this.#brought, this.#root);
  }

  async #send({ method, target, contentType, body }: RequestStep): Promise<Told> {
    const headers = contentType === undefined ? {} : { 'content-type': contentType };
    const sent = body === undefined ? { headers } : { headers, body: this.#resolve(body) };
    const answer = await send(this.#baseUrl, method, this.#resolve(target), sent).catch(
      (error: unknown) => ({ status: 0, headers: {}, text: String(error) }),
    );
    return { status: answer.status, headers: answer.headers, text: answer.text };
  }

  async #untilGone(target: string): Promise<void> {
    const deadline = Date.now() + END_LIMIT_MS;
    const isThere = async (): Promise<boolean> =>
      (await send(this.#baseUrl, 'GET', target)).status === 200;
    while (Date.now() < deadline && (await isThere())) await pause(END_POLL_MS);
  }
}

function lineCount({ text, isEnded }: Told): string {
  return `${text.split('\n').length}${isEnded === true ? '.' : ''}`;
}

/** Its node's index and key; else the index of the store. */
function broughtBy({ text, headers }: Told): Brought {
  const node = nodeIn(text);
  const index = node?.modifiedIndex ?? Number(headers['x-etcd-index']);
  return { index: index > 0 ? index : undefined, key: node?.key };
}

function nodeIn(text: string): { modifiedIndex?: number; key?: string } | undefined {
  try {
    return (JSON.parse(text) as { node?: { modifiedIndex?: number; key?: string } }).node;
  } catch {
    return undefined;
  }
}

async function openWait(baseUrl: string, path: string): Promise<OpenWait> {
  const { hostname, port } = new URL(baseUrl);
  const request = http.request({ agent: false, hostname, port, path, timeout: OPEN_LIMIT_MS });
  const response = await new Promise<http.IncomingMessage>((onResponse, onError) => {
    request.on('response', onResponse);
    request.on('error', onError);
    request.on('timeout', () => request.destroy(new Error(`no answer to ${path} at ${baseUrl}`)));
    request.end();
  });
  request.setTimeout(0);
  let text = '';
  let isEnded = false;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => (text += chunk));
  response.on('end', () => (isEnded = true));
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  const { statusCode = 0, headers } = response;
  return {
    told: () => ({ status: statusCode, headers, text, isEnded }),
    close: () => void request.destroy(),
  };
}
