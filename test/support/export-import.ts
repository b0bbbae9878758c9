// Requests of exports and imports.
import { expect, inject } from 'vitest';
import type { Answer } from './http-client.js';
import { call } from './v1-calls.js';
import { send } from './http-client.js';
import { expectDocumentedResponse } from './openapi-response.js';

const gateway = inject('gatewayUrl');

export const LINES = { 'content-type': 'application/x-ndjson' } as const;

/** Returns the whole response of an export; `range` is a query. */
export async function exportLines(range: string, base = gateway): Promise<Answer> {
  const headers = { accept: 'application/x-ndjson' };
  const answer = await send(base, 'GET', `/v1/kv?${range}`, { headers });
  expectDocumentedResponse('listKeys', answer);
  return answer;
}

export async function exported(range: string, base = gateway): Promise<any[]> {
  const answer = await exportLines(range, base);
  expect([answer.status, answer.headers['content-type']]).toEqual([200, LINES['content-type']]);
  expect(answer.text === '' || answer.text.endsWith('\n')).toBe(true);
  return answer.text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** `lines`: the body unchanged, or one value for each line. */
export async function importLines(
  lines: string | Buffer | readonly unknown[],
  query = '',
  base = gateway,
): Promise<Answer> {
  const isBody = typeof lines === 'string' || Buffer.isBuffer(lines);
  const body = isBody ? lines : lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  return call('importKeys', 'POST', `/v1/kv/import${query}`, { headers: LINES, body }, base);
}
