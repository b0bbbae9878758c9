// Requests to one gateway. An undocumented response or event fails the test.
import { openEvents } from './event-stream.js';
import type { EventStream, StreamEvent } from './event-stream.js';
import { JSON_TYPE, send } from './http-client.js';
import type { Answer, Sent } from './http-client.js';
import { expectDocumentedEvent, expectDocumentedResponse } from './openapi-response.js';

type Call<T> = (operationId: string, method: string, path: string, sent?: Sent) => Promise<T>;

export interface DocumentedCalls {
  readonly call: Call<Answer>;
  readonly stream: Call<EventStream>;
}

export function documentedCalls(baseUrl: string): DocumentedCalls {
  return {
    async call(operationId, method, path, sent = {}) {
      const answer = await send(baseUrl, method, path, sent);
      expectDocumentedResponse(operationId, answer);
      return answer;
    },
    async stream(operationId, method, path, sent = {}) {
      const events = await openEvents(baseUrl, method, path, sent);
      const checked = (event: StreamEvent): StreamEvent => {
        expectDocumentedEvent(operationId, event);
        return event;
      };
      return {
        ...events,
        next: async (limitMs) => checked(await events.next(limitMs)),
        until: async (event, limitMs) => checked(await events.until(event, limitMs)),
      };
    },
  };
}

/** A JSON body; a string is sent unchanged. */
export function jsonBody(body: object | string): Sent {
  return { headers: JSON_TYPE, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

const QUEUED_LIMIT_MS = 10_000;
const QUEUED_POLL_MS = 20;

/** Repeats `read` until it returns that `queueLength`. */
export async function untilQueued(read: () => Promise<Answer>, count: number): Promise<void> {
  const deadline = Date.now() + QUEUED_LIMIT_MS;
  for (;;) {
    const { queueLength } = (await read()).json();
    if (queueLength === count) return;
    if (Date.now() > deadline) throw new Error(`${queueLength} wait, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, QUEUED_POLL_MS));
  }
}
