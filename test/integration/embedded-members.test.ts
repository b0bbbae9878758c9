// The members that tests run against: they can be killed, paused, started again, and be of an older line.
import { afterEach, describe, expect, inject, it } from 'vitest';
import { startMember, startThreeMembers } from '../support/etcd.js';
import { findEtcdOfLine } from '../support/etcd-versions.js';
import { isGone } from '../support/processes.js';

const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

async function put(endpoint: string, key: string, limitMs = 10_000): Promise<number> {
  const body = JSON.stringify({ key: Buffer.from(key).toString('base64'), value: 'dg==' });
  const signal = AbortSignal.timeout(limitMs);
  return (await fetch(`${endpoint}/v3/kv/put`, { method: 'POST', body, signal })).status;
}

async function count(endpoint: string, key: string): Promise<string | undefined> {
  const body = JSON.stringify({ key: Buffer.from(key).toString('base64'), count_only: true });
  const response = await fetch(`${endpoint}/v3/kv/range`, { method: 'POST', body });
  return ((await response.json()) as { count?: string }).count;
}

describe('three members', () => {
  it('elect another leader when theirs is killed, and take it back with its data', async () => {
    const cluster = await startThreeMembers();
    running.push(cluster);
    const first = await cluster.leader();
    const pid = first.pid;
    expect(await put(first.endpoint, 'before')).toBe(200);
    await first.kill('SIGKILL');
    expect(await isGone(pid)).toBe(true);
    const second = await cluster.leader();
    expect(second.name).not.toBe(first.name);
    expect(await put(second.endpoint, 'without')).toBe(200);
    await first.restart();
    expect(first.pid).not.toBe(pid);
    expect(await count(first.endpoint, 'before')).toBe('1');
    expect(await count(first.endpoint, 'without')).toBe('1');
    await Promise.all(cluster.members.map((member) => member.kill('SIGKILL')));
    await Promise.all(cluster.members.map((member) => member.restart()));
    expect(await count(first.endpoint, 'before')).toBe('1');
  });
});

describe('one member', () => {
  it('does not respond while it is paused and responds afterwards', async () => {
    const member = await startMember();
    running.push(member);
    await member.kill('SIGSTOP');
    await expect(put(member.endpoint, 'a', 300)).rejects.toThrow('timeout');
    await member.kill('SIGCONT');
    expect(await put(member.endpoint, 'a')).toBe(200);
  });

  it('is stopped while it is paused', async () => {
    const member = await startMember();
    await member.kill('SIGSTOP');
    await member.stop();
    expect(await isGone(member.pid)).toBe(true);
  });

  it('is shared by all files of this project', async () => {
    expect(await put(inject('etcdEndpoint'), 'embedded-members')).toBe(200);
  });
});

const older = await findEtcdOfLine('3.4');
const obstacle = 'reason' in older ? ` (skipped: ${older.reason})` : '';

describe.skipIf('reason' in older)(`a member of the line 3.4${obstacle}`, () => {
  it('runs and returns its version', async () => {
    const member = await startMember({ version: '3.4' });
    running.push(member);
    const response = await fetch(`${member.endpoint}/version`);
    expect(await response.json()).toMatchObject({ etcdserver: expect.stringMatching(/^3\.4\./) });
  });
});
