// Changes of members through /v2/members with the right admin, compared with the responses of etcd's own v2 API.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startThreeMembers } from '../support/etcd.js';
import type { Cluster } from '../support/etcd.js';
import { JSON_TYPE, send } from '../support/http-client.js';
import type { Answer } from '../support/http-client.js';
import { bearer, startTokenGateway } from '../support/token-gateway.js';
import type { TokenGateway } from '../support/token-gateway.js';

let folder = '';
let cluster: Cluster | undefined;
let door: TokenGateway | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-test-'));
  cluster = await startThreeMembers({ version: '3.4', extraArgs: ['--enable-v2'] });
  door = await startTokenGateway(cluster.endpoints.join(','), folder);
});
afterAll(async () => {
  await door?.stop();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Ask = (method: string, path: string, body?: string, type?: object) => Promise<Answer>;
const askGateway: Ask = (method, path, body, type = JSON_TYPE) =>
  send(door!.baseUrl, method, `/v2/members${path}`, {
    headers: { ...bearer('admin'), ...type },
    ...(body !== undefined && { body }),
  });
const askEtcd: Ask = (method, path, body, type = JSON_TYPE) =>
  send(cluster!.endpoints[0]!, method, `/v2/members${path}`, {
    headers: { ...type },
    ...(body !== undefined && { body }),
  });
const peers = (...urls: readonly string[]): string => JSON.stringify({ peerURLs: urls });

describe('members', () => {
  it('are refused with the statuses and words of etcd', async () => {
    const [{ peerURLs }] = (await askGateway('GET', '')).json().members;
    const requests: readonly Parameters<Ask>[] = [
      ['POST', '', peers()],
      ['POST', '', peers('ftp://a:1')],
      ['POST', '', peers('http://a')],
      ['POST', '', peers('http://a:1/x')],
      ['POST', '', peers('http://a:1'), { 'content-type': 'text/plain' }],
      ['PUT', '/zz', peers('http://a:1')],
      ['PUT', '/abc', peers('http://a:1')],
      ['PUT', '', peers('http://a:1')],
      ['DELETE', '/abc'],
      ['DELETE', ''],
      ['POST', '', peers(peerURLs[0] as string)],
    ];
    for (const request of requests) {
      // A cluster that has just begun takes no changes.
      const settled = async (ask: Ask): Promise<[number, string]> => {
        for (let attempt = 0; ; attempt++) {
          const { status, text } = await ask(...request);
          if (status < 500 || attempt === 60) return [status, text.trim()];
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      };
      expect([request, await settled(askGateway)]).toEqual([request, await settled(askEtcd)]);
    }
  });

  it('are added, moved and removed', async () => {
    const added = await askGateway('POST', '', peers('http://127.0.0.1:1'));
    expect([added.status, added.json()]).toEqual([
      201,
      { id: expect.any(String), name: '', peerURLs: ['http://127.0.0.1:1'], clientURLs: [] },
    ]);
    const path = `/${added.json().id as string}`;
    const moved = await askGateway('PUT', path, peers('http://127.0.0.1:2'));
    expect([moved.status, moved.text]).toEqual([204, '']);
    const members = async (): Promise<string[]> =>
      (await askEtcd('GET', '')).json().members.flatMap((each: any) => each.peerURLs);
    expect(await members()).toContain('http://127.0.0.1:2');
    expect((await askGateway('DELETE', path)).status).toBe(204);
    expect(await members()).not.toContain('http://127.0.0.1:2');
    expect((await askGateway('DELETE', path)).status).toBe(404);
  });
});
