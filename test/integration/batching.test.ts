// Many plain reads and writes at once, which share requests to etcd: each is done once, and answered with its own.
import { describe, expect, inject, it } from 'vitest';
import { BYTES_TYPE, send } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { RawEtcd } from '../support/raw-etcd.js';

const gateway = inject('gatewayUrl');
const etcd = new RawEtcd(inject('etcdEndpoint'));
const COUNT = 300;
/** As a client can send it that keeps 50 connections busy. */
const WRITES_OF_ONE_KEY = 50;

describe('many requests at once', () => {
  it('write each key once, and read each value back', async () => {
    const prefix = `${newKey()}/`;
    const names = Array.from({ length: COUNT }, (_, index) => `${prefix}${index}`);
    const written = await Promise.all(
      names.map((name) =>
        send(gateway, 'PUT', `/v1/kv/${name}`, { headers: BYTES_TYPE, body: `value of ${name}` }),
      ),
    );
    expect(new Set(written.map(({ status }) => status))).toEqual(new Set([200]));
    const revisions = new Map(
      written.map((answer, index) => [names[index], answer.json().revision]),
    );
    // Else they did not share, and this test shows nothing.
    expect(new Set(revisions.values()).size).toBeLessThan(COUNT);

    const kept = await etcd.keys(prefix);
    expect(kept).toHaveLength(COUNT);
    for (const { key, value, createRevision, modRevision } of kept)
      expect([value, createRevision, modRevision]).toEqual([
        `value of ${key}`,
        revisions.get(key),
        revisions.get(key),
      ]);

    const read = await Promise.all(
      [...names, `${prefix}missing`].map((name) => send(gateway, 'GET', `/v1/kv/${name}`)),
    );
    expect(read.pop()?.status).toBe(404);
    expect(read.map((answer) => answer.json().value)).toEqual(
      names.map((name) => `value of ${name}`),
    );
  });

  it('write one key so often as they were sent, at a revision of its own each', async () => {
    const name = newKey();
    const written = await Promise.all(
      Array.from({ length: WRITES_OF_ONE_KEY }, (_, index) =>
        send(gateway, 'PUT', `/v1/kv/${name}`, { headers: BYTES_TYPE, body: String(index) }),
      ),
    );
    const revisions = written.map((answer) => answer.json().revision as number);
    expect(new Set(revisions).size).toBe(WRITES_OF_ONE_KEY);
    const entry = (await send(gateway, 'GET', `/v1/kv/${name}`)).json();
    expect([entry.version, entry.modRevision]).toEqual([WRITES_OF_ONE_KEY, Math.max(...revisions)]);
    expect(entry.value).toBe(String(revisions.indexOf(entry.modRevision)));
  });
});
