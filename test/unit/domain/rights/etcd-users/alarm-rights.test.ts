import { describe, expect, it } from 'vitest';
import type { Caller, Login } from '../../../../../src/core/caller.js';
import { GatewayError } from '../../../../../src/core/errors.js';
import { AlarmRights } from '../../../../../src/domain/rights/etcd-users/alarm-rights.js';
import type { AlarmClient } from '../../../../../src/domain/rights/etcd-users/alarm-rights.js';
import { requireRoot } from '../../../../../src/domain/rights/etcd-users/check-rights.js';
import { Secret } from '../../../../../src/core/secret.js';
import { callerFor } from '../../../../support/caller.js';

const secret = new Secret('s');
const as = (login?: Login): Caller => ({
  ...callerFor(),
  identity: { key: 'k', name: 'n', ...(login && { login }) },
});
const user = (name: string): Caller => as({ kind: 'user', key: 'k', name, password: secret });
const token = as({ kind: 'token', key: 'k', token: secret });

interface Setting {
  /** Undefined: etcd does not return it. */
  readonly version?: string | undefined;
  readonly isRaised?: boolean;
}

/** An etcd that lists all users for every client, as versions before 3.6 do while the alarm is raised. */
function etcdOf(setting: Setting): { etcd: AlarmClient; calls: string[] } {
  const calls: string[] = [];
  const header = { clusterId: '1', memberId: '2', revision: 1, raftTerm: 1 };
  const etcd: AlarmClient = {
    version() {
      calls.push('version');
      const { version } = setting;
      if (version === undefined) return Promise.reject(new GatewayError('etcd-unavailable'));
      return Promise.resolve({ etcdserver: '3.6.1', etcdcluster: version });
    },
    txn() {
      calls.push('txn');
      if (setting.isRaised === true) return Promise.reject(new GatewayError('out-of-space'));
      return Promise.resolve({ header, succeeded: true, responses: [] });
    },
    userRoles: (_caller, name) =>
      Promise.resolve(name === 'boss' ? ['reader', 'root'] : ['reader']),
    userList: () => Promise.resolve(),
  };
  return { etcd, calls };
}

const codeOf = (done: Promise<void>): Promise<string> =>
  done.then(
    () => 'done',
    (error: unknown) => (error as GatewayError).code,
  );

describe('the NOSPACE alarm', () => {
  it('leaves rights checked if the cluster version is 3.6, not if only one member has it', async () => {
    for (const [version, areRightsChecked] of [
      ['3.6.0', true],
      ['3.7.0', true],
      ['3.5.0', false],
      ['not_decided', false],
      [undefined, false],
    ] as const)
      expect(await new AlarmRights(etcdOf({ version }).etcd).areRightsChecked(token)).toBe(
        areRightsChecked,
      );
  });

  it('causes one read of the version a minute, and more while etcd does not return it', async () => {
    let now = 0;
    const setting: { version?: string } = {};
    const { etcd, calls } = etcdOf(setting);
    const alarm = new AlarmRights(etcd, () => now);
    expect(await alarm.areRightsChecked(token)).toBe(false);
    setting.version = '3.6.0';
    expect([await alarm.areRightsChecked(token), await alarm.areRightsChecked(token)]).toEqual([
      true,
      true,
    ]);
    expect(calls).toEqual(['version', 'version']);
    setting.version = '3.5.0';
    now = 60_000;
    expect(await alarm.areRightsChecked(token)).toBe(false);
  });

  it('stops users but not root, unless root has only a token', async () => {
    const alarm = new AlarmRights(etcdOf({ version: '3.5.0', isRaised: true }).etcd);
    const done = [user('boss'), user('ann'), token, as()].map((each) =>
      codeOf(alarm.refuseUnderAlarm(each)),
    );
    expect(await Promise.all(done)).toEqual(['done', 'out-of-space', 'out-of-space', 'done']);
  });

  it('causes no check where etcd checks rights', async () => {
    const { etcd, calls } = etcdOf({ version: '3.6.0', isRaised: true });
    expect(await codeOf(new AlarmRights(etcd).refuseUnderAlarm(user('ann')))).toBe('done');
    expect(calls).toEqual(['version']);
  });

  it('stops every token from counting as that of root, although etcd lists all users for it', async () => {
    const { etcd } = etcdOf({ isRaised: true });
    expect(await codeOf(requireRoot(token, etcd))).toBe('out-of-space');
    expect(await codeOf(requireRoot(user('ann'), etcd))).toBe('permission-denied');
    expect(await codeOf(requireRoot(user('boss'), etcd))).toBe('done');
    expect(await codeOf(requireRoot(token, etcdOf({}).etcd))).toBe('done');
  });
});
