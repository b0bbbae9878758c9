// Plays a sequence against one server and records the responses. Requests are sent one after another, with concurrent waits.
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { send } from '../support/http-client.js';
import { resolve } from './step.js';
import type { StepResult, RequestStep, Step } from './step.js';

/** Status 0 and the error as text if there was no response. For a wait, `text` is what has arrived so far. */
export interface StepResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** For a wait: the server has ended the response. */
  readonly isEnded?: boolean;
}

const OPEN_LIMIT_MS = 15_000;
/** The following steps show whether a node has expired by then. */
const EXPIRY_LIMIT_MS = 10_000;
const EXPIRY_POLL_MS = 100;

interface OpenWait {
  readonly response: () => StepResponse;
  readonly close: () => void;
}

export class Player {
  readonly #baseUrl: string;
  readonly #root: string;
  readonly #results = new Map<number, StepResult>();
  readonly #responses = new Map<number, StepResponse>();
  readonly #waits = new Map<number, OpenWait>();

  constructor(baseUrl: string, root: string) {
    this.#baseUrl = baseUrl;
    this.#root = root;
  }

  async play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'request': {
        const response = await this.#send(step);
        this.#responses.set(step.id, response);
        this.#results.set(step.id, resultOf(response));
        return;
      }
      case 'wait': {
        this.#waits.set(step.id, await openWait(this.#baseUrl, this.#resolve(step.target)));
        return;
      }
      case 'expiry':
        await this.#untilAbsent(this.#resolve(step.target));
    }
  }

  /** Returns the responses by step id. */
  responses(): Map<number, StepResponse> {
    const waits = [...this.#waits].map(([id, wait]) => [id, wait.response()] as const);
    return new Map([...this.#responses, ...waits]);
  }

  /** Summarizes how much the waits have received. */
  get received(): string {
    return [...this.#waits.values()].map((wait) => lineCount(wait.response())).join(' ');
  }

  /** Ends the waits and deletes the created keys. */
  async cleanUp(): Promise<void> {
    for (const wait of this.#waits.values()) wait.close();
    const keys = [...this.#results.values()].map(({ key }) => key ?? '/');
    const keysInRoot = keys.filter((key) => /^\/\d+$/.test(key));
    for (const key of [...keysInRoot, `/${this.#root}`])
      await send(this.#baseUrl, 'DELETE', `/v2/keys${key}?recursive=true`);
  }

  #resolve(template: string): string {
    return resolve(template, this.#results, this.#root);
  }

  async #send({ method, target, contentType, body }: RequestStep): Promise<StepResponse> {
    const headers = contentType === undefined ? {} : { 'content-type': contentType };
    const sent = body === undefined ? { headers } : { headers, body: this.#resolve(body) };
    const answer = await send(this.#baseUrl, method, this.#resolve(target), sent).catch(
      (error: unknown) => ({ status: 0, headers: {}, text: String(error) }),
    );
    return { status: answer.status, headers: answer.headers, text: answer.text };
  }

  async #untilAbsent(target: string): Promise<void> {
    const deadline = Date.now() + EXPIRY_LIMIT_MS;
    const isPresent = async (): Promise<boolean> =>
      (await send(this.#baseUrl, 'GET', target)).status === 200;
    while (Date.now() < deadline && (await isPresent())) await pause(EXPIRY_POLL_MS);
  }
}

function lineCount({ text, isEnded }: StepResponse): string {
  return `${text.split('\n').length}${isEnded === true ? '.' : ''}`;
}

/** Returns the index and key of the node, or else the index of the store. */
function resultOf({ text, headers }: StepResponse): StepResult {
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
    request.on('timeout', () => request.destroy(new Error(`no response to ${path} at ${baseUrl}`)));
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
    response: () => ({ status: statusCode, headers, text, isEnded }),
    close: () => void request.destroy(),
  };
}
