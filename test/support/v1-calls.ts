// Requests to /v1. Every response is validated against the OpenAPI document.
import { expect, inject } from 'vitest';
import { JSON_TYPE, send } from './http-client.js';
import type { Answer, Sent } from './http-client.js';
import { expectDocumentedResponse } from './openapi-response.js';

const gateway = inject('gatewayUrl');

export async function call(
  operationId: string,
  method: string,
  path: string,
  sent: Sent = {},
  base = gateway,
): Promise<Answer> {
  const answer = await send(base, method, path, sent);
  expectDocumentedResponse(operationId, answer);
  return answer;
}

/** A JSON body; a string is sent unchanged. */
export function json(body: unknown): Sent {
  return { headers: JSON_TYPE, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

export function codeOf(answer: Answer): [number, string] {
  return [answer.status, answer.json().code];
}

export function pointersOf(answer: Answer): string[] {
  return answer.json().errors.map((error: { pointer: string }) => error.pointer);
}

export async function transact(body: unknown, query = '', base = gateway): Promise<Answer> {
  return call('transact', 'POST', `/v1/txn${query}`, json(body), base);
}

export async function put(key: string, body: unknown, base = gateway): Promise<Answer> {
  return call('putKey', 'PUT', `/v1/kv/${encodeURIComponent(key)}`, json(body), base);
}

/** Returns the revision of the write. */
export async function putValue(key: string, value: string): Promise<number> {
  return (await put(key, { value })).json().revision as number;
}

export async function get(key: string): Promise<Answer> {
  return call('getKey', 'GET', `/v1/kv/${encodeURIComponent(key)}`);
}

export async function statusOf(key: string): Promise<number> {
  return (await get(key)).status;
}

export async function valueOf(key: string): Promise<string | undefined> {
  return (await get(key)).json().value as string | undefined;
}

export async function createLease(body: unknown, base = gateway): Promise<Answer> {
  return call('createLease', 'POST', '/v1/leases', json(body), base);
}

export async function getLease(id: string, query = ''): Promise<Answer> {
  return call('getLease', 'GET', `/v1/leases/${id}${query}`);
}

export async function revokeLease(id: string, base = gateway): Promise<Answer> {
  return call('deleteLease', 'DELETE', `/v1/leases/${id}`, {}, base);
}

/** Acquires the simple lock and returns its fencing token, read from the key of its entry. */
export async function takeLock(lock: string): Promise<number> {
  const sent = json({ resource: lock, user_id: 'me' });
  expect((await call('simpleLockAcquire', 'PUT', '/', sent)).json().succeeded).toBe(true);
  const { items } = (await call('listKeys', 'GET', `/v1/kv?prefix=locks/${lock}/`)).json();
  return items[0].createRevision as number;
}

export async function releaseLock(lock: string): Promise<void> {
  const sent = json({ resource: lock, user_id: 'me' });
  expect((await call('simpleLockRelease', 'DELETE', '/', sent)).json().succeeded).toBe(true);
}
