import { describe, expect, inject, it } from 'vitest';
import { BYTES_TYPE, JSON_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { expectDocumentedResponse } from '../support/openapi-response.js';

const base = inject('gatewayUrl');

describe('GET /v1/cluster', () => {
  it('returns the members, the leader, versions and sizes', async () => {
    const answer = await send(base, 'GET', '/v1/cluster');
    expectDocumentedResponse('getCluster', answer);
    const { leader, members, unreachable } = answer.json();
    expect(members).toHaveLength(1);
    expect(members[0]).toMatchObject({ id: leader, leader: true, healthy: true, learner: false });
    expect(members[0].version).toMatch(/^3\./);
    expect(members[0].dbSize).toBeGreaterThan(0);
    expect(unreachable).toEqual([]);
  });
});

describe('POST /v1/compaction', () => {
  it('forgets what is older, once, and never what is yet to come', async () => {
    const key = newKey();
    const put = async (value: string): Promise<number> =>
      (await send(base, 'PUT', `/v1/kv/${key}`, { headers: BYTES_TYPE, body: value })).json()
        .revision;
    const first = await put('one');
    const second = await put('two');
    const compact = async (revision: number): Promise<number> => {
      const answer = await send(base, 'POST', '/v1/compaction', {
        headers: JSON_TYPE,
        body: JSON.stringify({ revision }),
      });
      expectDocumentedResponse('compact', answer);
      return answer.status;
    };
    expect(await compact(second + 1_000_000)).toBe(400);
    expect(await compact(second)).toBe(200);
    expect(await compact(second)).toBe(410);
    expect((await send(base, 'GET', `/v1/kv/${key}?revision=${first}`)).json().code).toBe(
      'revision-compacted',
    );
    expect((await send(base, 'GET', `/v1/kv/${key}?revision=${second}`)).json().value).toBe('two');
  });
});
