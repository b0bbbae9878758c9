// A small keyspace with the area and the name of every key, and an etcd client that records the calls it receives. Lock and election prefixes
// consist of the same letters as keys, so that names, keys and prefixes often overlap.
import {
  createLockResource,
  encodeName,
  entryKey,
} from '../../../../../src/domain/contention/key.js';
import type { AccessMode } from '../../../../../src/domain/rights/api-tokens/scope-ranges.js';
import type { EtcdClient } from '../../../../../src/etcd/client.js';
import type { LeaseTimeToLiveResponse } from '../../../../../src/etcd/wire.js';
import type { Right, Scope } from '../../../../../src/core/caller.js';

export const PREFIXES = { lockPrefix: 'a/', electionPrefix: 'b/' };

export const LETTERS = ['a', 'b', '/', '%'] as const;

export interface SampleKey {
  readonly key: Buffer;
  readonly area: 'keys' | 'locks' | 'elections' | 'internal';
  /** A scope covers the key if one of its prefixes is a prefix of this. */
  readonly name: string;
}

function texts(lengthMax: number): string[] {
  if (lengthMax === 0) return [''];
  return ['', ...LETTERS.flatMap((letter) => texts(lengthMax - 1).map((rest) => letter + rest))];
}

const NAMES = texts(2).filter((name) => name !== '');

export const SAMPLE_KEYS: readonly SampleKey[] = [
  ...texts(3)
    .filter((key) => key !== '' && !key.startsWith('a/') && !key.startsWith('b/'))
    .map((name) => ({ key: Buffer.from(name), area: 'keys' as const, name })),
  ...NAMES.flatMap((name) => [
    { ...entryOf(PREFIXES.lockPrefix, name, 'exclusive'), area: 'locks' as const },
    { ...entryOf(PREFIXES.lockPrefix, name, 'shared'), area: 'locks' as const },
    { ...entryOf(PREFIXES.electionPrefix, name, 'exclusive'), area: 'elections' as const },
  ]),
  // Not a lock entry, but below the lock prefix.
  { key: Buffer.from(`a/${encodeName('a')}`), area: 'locks', name: 'a' },
  { key: Buffer.from('\0latchkey/v2/secret'), area: 'internal', name: '\0latchkey/v2/secret' },
];

function entryOf(below: string, name: string, mode: 'exclusive' | 'shared') {
  return { key: entryKey(createLockResource(below, name, 'name'), '0123456789abcdef', mode), name };
}

const RIGHTS: Record<SampleKey['area'], Record<AccessMode, readonly Right[]>> = {
  keys: { read: ['read'], write: ['write'] },
  locks: { read: ['read', 'lock'], write: ['lock'] },
  elections: { read: ['read', 'lock'], write: ['lock'] },
  internal: { read: ['read'], write: [] },
};

export function isAllowed(scope: Scope, sample: SampleKey, mode: AccessMode): boolean {
  const hasRight = RIGHTS[sample.area][mode].some((right) => scope.rights.has(right));
  const isCovered = scope.prefixes.some((prefix) =>
    sample.area === 'internal' ? prefix === '' : sample.name.startsWith(prefix),
  );
  return hasRight && isCovered;
}

const header = { clusterId: '1', memberId: '2', revision: 7, raftTerm: 1 };

/** Every method adds its name to `passed` and returns a minimal response. `onLease` has the keys of each lease. */
export function recordingClient(onLease: Readonly<Record<string, readonly Buffer[]>> = {}) {
  const passed: string[] = [];
  const respond = <T>(name: string, value: T) => {
    return (): Promise<T> => {
      passed.push(name);
      return Promise.resolve(value);
    };
  };
  const etcd: EtcdClient = {
    range: respond('range', { header, kvs: [], more: false, count: 0 }),
    put: respond('put', { header, prevKv: undefined }),
    deleteRange: respond('deleteRange', { header, deleted: 0, prevKvs: [] }),
    txn: respond('txn', { header, succeeded: true, responses: [] }),
    leaseGrant: respond('leaseGrant', { header, lease: '1', ttlSeconds: 5 }),
    leaseRevoke: respond('leaseRevoke', true),
    leaseKeepAlive: respond('leaseKeepAlive', { header, ttlSeconds: 5 }),
    leaseTimeToLive: (_caller, lease): Promise<LeaseTimeToLiveResponse> => {
      const keys = onLease[lease];
      const ttlSeconds = keys === undefined ? undefined : 5;
      return Promise.resolve({ header, ttlSeconds, grantedTtlSeconds: 5, keys: keys ?? [] });
    },
    leaseLeases: respond('leaseLeases', { header, leases: [] }),
    compact: respond('compact', undefined),
    memberAdd: respond('memberAdd', {
      header,
      member: { id: '3', name: '', peerUrls: [], clientUrls: [], isLearner: false },
    }),
    memberUpdate: respond('memberUpdate', header),
    memberRemove: respond('memberRemove', header),
    members: respond('members', { header, members: [] }),
    membersAt: respond('members', { header, members: [] }),
    alarms: respond('alarms', []),
    statuses: respond('statuses', []),
    health: respond('health', undefined),
    userRoles: respond('userRoles', []),
    userList: respond('userList', undefined),
    version: respond('version', { etcdserver: '3.5.0', etcdcluster: '3.5.0' }),
    status: respond('status', {
      header,
      version: '3.5.0',
      dbSizeBytes: 0,
      dbSizeInUseBytes: 0,
      leader: '2',
      raftTerm: 1,
      raftIndex: 1,
      errors: [],
    }),
  };
  return { etcd, passed };
}
