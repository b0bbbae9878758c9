import { describe, expect, inject, it } from 'vitest';
import { send } from '../support/http-client.js';
import { spawnGateway } from '../support/processes.js';

const base = inject('gatewayUrl');
const request = (path: string, method = 'GET') => send(base, method, path);

describe('v2 paths other than /v2/keys', () => {
  it('report client URLs of the gateway, and names and peer URLs of etcd', async () => {
    const { members } = (await request('/v2/members')).json();
    expect(members).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]+$/),
        name: expect.any(String),
        peerURLs: [expect.stringMatching(/^http:/)],
        clientURLs: [base],
      },
    ]);
    expect((await request('/v2/members/')).json()).toEqual({ members });
    expect((await request('/v2/members/leader')).json()).toEqual(members[0]);
    expect((await request('/v2/machines')).text).toBe(base);
    expect((await request('/v2/leader')).text).toBe(members[0].peerURLs[0]);
    const { node } = (await request('/v2/keys/_etcd/machines')).json();
    expect(node).toMatchObject({ key: '/_etcd/machines', dir: true });
    const [machine] = node.nodes;
    expect(Object.fromEntries(new URLSearchParams(machine.value))).toEqual({
      etcd: base,
      raft: members[0].peerURLs[0],
    });
    expect((await request(`/v2/keys${machine.key}`)).json().node).toEqual(machine);
  });

  it('report each advertised URL once', async () => {
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

  it('reject member changes of anonymous clients', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = await request('/v2/members/1', method);
      expect([response.status, response.json()]).toEqual([403, { message: expect.any(String) }]);
    }
  });

  it('report statistics with the names of etcd v2', async () => {
    const before = (await request('/v2/stats/store')).json();
    await request('/v2/keys/');
    const after = (await request('/v2/stats/store')).json();
    expect(after.getsSuccess).toBeGreaterThan(before.getsSuccess);
    expect(Object.keys(after).slice(0, 2)).toEqual(['getsSuccess', 'getsFail']);
    const self = (await request('/v2/stats/self')).json();
    expect(self).toMatchObject({ state: 'StateLeader', leaderInfo: { leader: self.id } });
    expect((await request('/v2/stats/leader')).json()).toEqual({ leader: self.id, followers: {} });
  });

  it('respond with plain text for unknown paths and methods', async () => {
    for (const path of ['/v2/auth/enable', '/v2/keysfoo', '/v2/stats', '/v2/']) {
      expect([path, (await request(path)).text]).toEqual([path, '404 page not found\n']);
    }
    const rejected = await request('/v2/machines', 'POST');
    expect([rejected.status, rejected.headers.allow]).toEqual([405, 'GET,HEAD']);
  });
});
