// The versions of one key that etcd still has.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMember } from '../support/etcd.js';
import type { Member } from '../support/etcd.js';
import type { Answer } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { spawnGateway } from '../support/processes.js';
import type { Gateway } from '../support/processes.js';
import { RawEtcd } from '../support/raw-etcd.js';
import { call, codeOf, pointersOf, put } from '../support/v1-calls.js';

let etcd: Member;
let shared: Gateway;
// A separate etcd: other tests compact the shared one.
beforeAll(async () => {
  etcd = await startMember();
  shared = await spawnGateway({ args: ['--endpoints', etcd.endpoint, '--log-level=warn'] });
});
afterAll(async () => {
  await shared.stop();
  await etcd.stop();
});

const pathOf = (key: string, query = ''): string =>
  `/v1/kv/${encodeURIComponent(key)}?history=true${query}`;

async function history(key: string, query = '', base = shared.baseUrl): Promise<Answer> {
  return call('getKey', 'GET', pathOf(key, query), {}, base);
}

const shown = (answer: Answer): string[] =>
  answer.json().versions.map((version: any) => (version.deleted === true ? '-' : version.value));

async function write(
  key: string,
  values: readonly (string | undefined)[],
  base = shared.baseUrl,
): Promise<number[]> {
  const revisions: number[] = [];
  for (const value of values) {
    const answer =
      value === undefined
        ? await call('deleteKey', 'DELETE', `/v1/kv/${key}`, {}, base)
        : await put(key, { value }, base);
    revisions.push(answer.json().revision);
  }
  return revisions;
}

describe('a history', () => {
  it('has all versions and deletions, newest first', async () => {
    const key = newKey();
    const revisions = await write(key, ['1', '2', undefined, '3', '4']);
    await write(newKey(), ['other']);
    const answer = await history(key);
    expect(shown(answer)).toEqual(['4', '3', '-', '2', '1']);
    expect(answer.json().versions.map(({ modRevision }: any) => modRevision)).toEqual(
      revisions.reverse(),
    );
    expect(answer.json().versions.map(({ version }: any) => version)).toEqual([
      2,
      1,
      undefined,
      2,
      1,
    ]);
    expect(answer.json()).toMatchObject({ key, more: false });
    expect(answer.json().revision).toBe(Number(answer.headers['etcd-revision']));
  });

  it('exists for a deleted key, and is 404 for a key that never existed', async () => {
    const key = newKey();
    await write(key, ['1', undefined]);
    await write(newKey(), ['other']);
    expect(shown(await history(key))).toEqual(['-', '1']);
    const never = await history(newKey());
    expect(codeOf(never)).toEqual([404, 'key-not-found']);
    expect(never.headers['etcd-revision']).toBeDefined();
  });

  it('has a limit, and continues at an older revision', async () => {
    const key = newKey();
    await write(key, ['1', '2', '3', undefined, '5']);
    const first = await history(key, '&limit=2');
    expect([shown(first), first.json().more]).toEqual([['5', '-'], true]);
    const next = first.json().versions.at(-1).modRevision - 1;
    const second = await history(key, `&limit=5&revision=${next}`);
    expect([shown(second), second.json().more]).toEqual([['3', '2', '1'], false]);
  });

  it('omits older values above 4 MiB', async () => {
    const key = newKey();
    await write(
      key,
      Array.from({ length: 7 }, (_, i) => String(i).repeat(1_000_000)),
    );
    const { versions, more } = (await history(key)).json();
    expect([versions.length, more]).toEqual([4, true]);
    expect(versions[0].value[0]).toBe('6');
  });

  it('is the same by query, also for keys that are not text', async () => {
    const key = `/${newKey()}`;
    const base = shared.baseUrl;
    const sent = { body: Buffer.from([0xff]) };
    await call('putKeyByQuery', 'PUT', `/v1/kv?key=${key}&raw`, sent, base);
    const answer = await call(
      'listKeys',
      'GET',
      `/v1/kv?key=${key}&history=true&limit=3`,
      {},
      base,
    );
    expect(answer.json().versions).toMatchObject([{ value: '/w==', encoding: 'base64' }]);
    const encoded = Buffer.from(key).toString('base64url');
    const path = `/v1/kv/${encoded}?history=true&keyEncoding=base64url`;
    expect((await call('getKey', 'GET', path, {}, base)).json().key).toBe(encoded);
  });

  it.each([
    ['&raw', 'raw'],
    ['&limit=0', 'limit'],
    ['&limit=1001', 'limit'],
  ])('refuses %s', async (query, pointer) => {
    const answer = await history('a', query);
    expect(answer.status).toBe(400);
    expect(pointersOf(answer)).toEqual([pointer]);
  });

  it('rejects limit without history, and hidden keys', async () => {
    expect(pointersOf(await call('getKey', 'GET', '/v1/kv/a?limit=5'))).toEqual(['limit']);
    expect(codeOf(await history('\0latchkey/x'))).toEqual([403, 'reserved-prefix']);
  });
});

describe.each(['3.4', '3.5'] as const)('a history after a compaction, etcd %s', (version) => {
  let member: Member;
  let gateway: Gateway;

  beforeAll(async () => {
    member = await startMember({ version });
    gateway = await spawnGateway({ args: ['--endpoints', member.endpoint, '--log-level=warn'] });
  });

  afterAll(async () => {
    await gateway.stop();
    await member.stop();
  });

  it('begins with the version at the compaction', async () => {
    const [key, gone, quiet] = [newKey('a'), newKey('b'), newKey('c')];
    const base = gateway.baseUrl;
    expect(shown((await write(key, ['0'], base), await history(key, '', base)))).toEqual(['0']);
    await write(quiet, ['q'], base);
    await write(key, ['1', undefined, '2'], base);
    await write(gone, ['x', undefined], base);
    const [at] = await write(key, ['3'], base);
    await write(key, ['4', undefined, '5'], base);
    await new RawEtcd(member.endpoint).compact(at!);
    expect(shown(await history(key, '', base))).toEqual(['5', '-', '4', '3']);
    expect(shown(await history(quiet, '', base))).toEqual(['q']);
    expect((await history(gone, '', base)).status).toBe(404);
    await write(key, [undefined], base);
    expect(shown(await history(key, '', base))).toEqual(['-', '5', '-', '4', '3']);
    expect(codeOf(await history(key, `&revision=${at! - 1}`, base))).toEqual([
      410,
      'revision-compacted',
    ]);
    const raw = new RawEtcd(member.endpoint);
    await raw.compact(await raw.revision());
    expect((await history(key, '', base)).status).toBe(404);
  });

  it('serves many requests at the same time', async () => {
    const keys = Array.from({ length: 20 }, () => newKey());
    for (const key of keys) await write(key, ['1', '2'], gateway.baseUrl);
    const answers = await Promise.all(keys.map((key) => history(key, '', gateway.baseUrl)));
    expect(answers.map(shown)).toEqual(keys.map(() => ['2', '1']));
  });
});
