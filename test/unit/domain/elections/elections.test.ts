import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { createEntryKeys, createLockResource } from '../../../../src/domain/contention/key.js';
import { toCandidateText } from '../../../../src/domain/elections/view.js';
import { proclaim } from '../../../../src/domain/elections/elections.js';
import type { ElectionDeps, Proclamation } from '../../../../src/domain/elections/elections.js';
import type { EtcdClient } from '../../../../src/etcd/client.js';
import { callerFor } from '../../../support/caller.js';
import { HEADER, stubEtcd } from '../../../support/stub-etcd.js';

const TOKEN = 'a-token-of-the-leader';
const { own } = createEntryKeys(createLockResource('elections/', 'a', 'name'), TOKEN, 'exclusive');

/** The oldest entry of the election, which its leader has written to before. */
const entryAt = (modRevision: number, key = own): object => ({
  header: HEADER,
  kvs: [
    { key, value: Buffer.from('one'), version: 2, createRevision: 42, modRevision, lease: '7' },
  ],
  count: 1,
  more: false,
});
const written = { header: HEADER, succeeded: true, responses: [] };
const moved = { header: HEADER, succeeded: false, responses: [] };

function proclaimTwo(etcd: EtcdClient): Promise<Proclamation> {
  const deps = { etcd, electionPrefix: 'elections/' } as ElectionDeps;
  return proclaim(callerFor(), deps, { name: 'a', token: TOKEN, candidate: 'two' });
}

describe('proclaim', () => {
  it('compares the mod revision of the leader that it read, and keeps the lease', async () => {
    const { etcd, calls: asked } = stubEtcd({ range: () => entryAt(50), txn: () => written });
    expect(await proclaimTwo(etcd)).toEqual({ name: 'a', candidate: 'two', fencingToken: 42 });
    expect(asked.map(({ rpc }) => rpc)).toEqual(['range', 'txn']);
    expect(asked[0]!.args[0]).toMatchObject({
      limit: 1,
      sort: { target: 'create', order: 'ascend' },
    });
    expect(asked[1]!.args[0]).toMatchObject({
      compare: [{ key: own, result: '=', target: { kind: 'mod', number: 50 } }],
      success: [{ kind: 'put', put: { key: own, value: Buffer.from('two'), ignoreLease: true } }],
    });
  });

  it('reads again after it lost a race with another request of the same leader', async () => {
    let reads = 0;
    const { etcd, calls: asked } = stubEtcd({
      range: () => entryAt(50 + reads++),
      txn: () => (reads === 1 ? moved : written),
    });
    await proclaimTwo(etcd);
    expect(asked.map(({ rpc }) => rpc)).toEqual(['range', 'txn', 'range', 'txn']);
    expect(asked[3]!.args[0]).toMatchObject({ compare: [{ target: { kind: 'mod', number: 51 } }] });
  });

  it('gives up after several attempts and reports not-applied', async () => {
    const { etcd, calls: asked } = stubEtcd({ range: () => entryAt(50), txn: () => moved });
    await expect(proclaimTwo(etcd)).rejects.toMatchObject({
      code: 'etcd-unavailable',
      outcome: 'not-applied',
      retryAfterSeconds: 1,
    });
    expect(asked.length).toBeLessThan(20);
  });

  it('sends a write without a response at most three times', async () => {
    const { etcd, calls: asked } = stubEtcd({
      range: () => entryAt(50),
      txn: () => {
        throw new GatewayError('timeout', { outcome: 'unknown' });
      },
    });
    await expect(proclaimTwo(etcd)).rejects.toMatchObject({ code: 'timeout', outcome: 'unknown' });
    expect(asked.filter(({ rpc }) => rpc === 'txn')).toHaveLength(3);
  });

  it('reports not-applied when the first read fails', async () => {
    const { etcd } = stubEtcd({
      range: () => {
        throw new GatewayError('etcd-unavailable');
      },
    });
    await expect(proclaimTwo(etcd)).rejects.toMatchObject({ outcome: 'not-applied' });
  });

  it('writes nothing for a token that does not lead', async () => {
    const other = Buffer.from('elections/a/0123456789abcdef');
    const { etcd } = stubEtcd({ range: () => entryAt(50, other) });
    await expect(proclaimTwo(etcd)).rejects.toMatchObject({
      code: 'not-holder',
      fields: { leader: { candidate: 'one', fencingToken: 42 } },
    });
  });
});

describe('toCandidateText', () => {
  it.each([
    ['text', Buffer.from('http://10.0.0.7 ö\n'), { candidate: 'http://10.0.0.7 ö\n' }],
    ['nothing', Buffer.alloc(0), { candidate: '' }],
    ['what is no text', Buffer.from([0xff, 0]), { candidate: '/wA=', encoding: 'base64' }],
  ])('shows %s', (_, value, shown) => {
    expect(toCandidateText(value)).toEqual(shown);
  });
});
