import { describe, expect, inject, it } from 'vitest';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';

const base = inject('gatewayUrl');
const ask = (path: string, method = 'GET') => send(base, method, path);

describe('around the keys of v2', () => {
  it('every client URL is the gateway’s own, and names and peer URLs are etcd’s', async () => {
    const { members } = (await ask('/v2/members')).json();
    expect(members).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]+$/),
        name: expect.any(String),
        peerURLs: [expect.stringMatching(/^http:/)],
        clientURLs: [base],
      },
    ]);
    expect((await ask('/v2/members/')).json()).toEqual({ members });
    expect((await ask('/v2/members/leader')).json()).toEqual(members[0]);
    expect((await ask('/v2/machines')).text).toBe(base);
    expect((await ask('/v2/leader')).text).toBe(members[0].peerURLs[0]);
    const { node } = (await ask('/v2/keys/_etcd/machines')).json();
    expect(node).toMatchObject({ key: '/_etcd/machines', dir: true });
    const [machine] = node.nodes;
    expect(Object.fromEntries(new URLSearchParams(machine.value))).toEqual({
      etcd: base,
      raft: members[0].peerURLs[0],
    });
    expect((await ask(`/v2/keys${machine.key}`)).json().node).toEqual(machine);
  });

  it('names each advertised URL once', async () => {
    const urls = ['http://one.example:1', 'http://two.example:2'];
    const gateway = await spawnGateway({
      args: [
        '--endpoints',
        inject('etcdEndpoint'),
        `--advertise-url=${urls.join(',')}`,
        '--log-level=warn',
      ],
    });
    try {
      expect((await send(gateway.baseUrl, 'GET', '/v2/machines')).text).toBe(urls.join(', '));
      const { members } = (await send(gateway.baseUrl, 'GET', '/v2/members')).json();
      expect(members[0].clientURLs).toEqual(urls);
    } finally {
      await gateway.stop();
    }
  });

  it('members are not changed by anybody who passes the gates', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await ask('/v2/members/1', method);
      expect([answer.status, answer.json()]).toEqual([403, { message: expect.any(String) }]);
    }
  });

  it('tells statistics in the words of v2', async () => {
    const before = (await ask('/v2/stats/store')).json();
    await ask('/v2/keys/');
    const after = (await ask('/v2/stats/store')).json();
    expect(after.getsSuccess).toBeGreaterThan(before.getsSuccess);
    expect(Object.keys(after).slice(0, 2)).toEqual(['getsSuccess', 'getsFail']);
    const self = (await ask('/v2/stats/self')).json();
    expect(self).toMatchObject({ state: 'StateLeader', leaderInfo: { leader: self.id } });
    expect((await ask('/v2/stats/leader')).json()).toEqual({ leader: self.id, followers: {} });
  });

  it('answers plainly for what is not there or not allowed', async () => {
    for (const path of ['/v2/auth/enable', '/v2/keysfoo', '/v2/stats', '/v2/']) {
      expect([path, (await ask(path)).text]).toEqual([path, '404 page not found\n']);
    }
    const refused = await ask('/v2/machines', 'POST');
    expect([refused.status, refused.headers.allow]).toEqual([405, 'GET,HEAD']);
  });
});
