// Compressing proxies hold streams back until much has come, unless a response says `no-transform`.
import { describe, expect, inject, it } from 'vitest';
import { newKey } from '../support/new-key.js';

const NO_TRANSFORM = /(^|, )no-transform(,|$)/;

async function cacheControl(path: string, init: RequestInit = {}): Promise<string | null> {
  const leave = new AbortController();
  const response = await fetch(inject('gatewayUrl') + path, { ...init, signal: leave.signal });
  expect([path, response.status]).toEqual([path, 200]);
  leave.abort();
  return response.headers.get('cache-control');
}

describe('a stream', () => {
  it.each([
    ['/v1/watch?prefix=none/', 'text/event-stream'],
    ['/v1/watch?prefix=none/', 'application/x-ndjson'],
    ['/v1/kv?prefix=none/', 'application/x-ndjson'],
    [`/v1/locks/${newKey()}/events`, 'text/event-stream'],
    [`/v1/elections/${newKey()}/events`, 'text/event-stream'],
  ])('F57: forbids proxies to transform it: %s as %s', async (path, accept) => {
    expect(await cacheControl(path, { headers: { accept } })).toMatch(NO_TRANSFORM);
  });

  it.each(['', '&stream=true'])('F57: forbids it at v2 waits%s', async (more) => {
    const path = `/v2/keys/${newKey('no-transform')}?wait=true${more}`;
    expect(await cacheControl(path)).toMatch(NO_TRANSFORM);
  });

  it.each(['/v3', '/v3beta', '/v3alpha'])('F57: forbids it at %s', async (prefix) => {
    const body = JSON.stringify({ create_request: { key: btoa(newKey()) } });
    for (const [call, sent] of [
      ['watch', body],
      ['maintenance/snapshot', '{}'],
      ['lease/keepalive', '{"ID":"1"}'],
    ] as const) {
      const init = { method: 'POST', body: sent };
      expect(await cacheControl(`${prefix}/${call}`, init)).toMatch(NO_TRANSFORM);
    }
  });
});
