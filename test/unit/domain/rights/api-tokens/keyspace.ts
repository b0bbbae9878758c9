// A small keyspace of which every key is known, with whom it belongs to, and a client of etcd that keeps what reaches it. Lock and election
// prefixes are made of the letters that keys are made of, so that names, keys and prefixes meet often.
import { createArena, encodeName, entryKey } from '../../../../../src/domain/contention/key.js';
import type { EtcdClient } from '../../../../../src/etcd/client.js';
import type { LeaseTimeToLiveResponse } from '../../../../../src/etcd/wire.js';
import type { Right, Scope } from '../../../../../src/core/caller.js';

export const PREFIXES = { lockPrefix: 'a/', electionPrefix: 'b/' };

export const LETTERS = ['a', 'b', '/', '%'] as const;

export interface Place {
  readonly key: Buffer;
  readonly area: 'keys' | 'locks' | 'elections' | 'own';
  /** What a prefix of a scope has to be a prefix of. */
  readonly name: string;
}

function texts(lengthMax: number): string[] {
  if (lengthMax === 0) return [''];
  return ['', ...LETTERS.flatMap((letter) => texts(lengthMax - 1).map((rest) => letter + rest))];
}

const NAMES = texts(2).filter((name) => name !== '');

export const PLACES: readonly Place[] = [
  ...texts(3)
    .filter((key) => key !== '' && !key.startsWith('a/') && !key.startsWith('b/'))
    .map((name) => ({ key: Buffer.from(name), area: 'keys' as const, name })),
  ...NAMES.flatMap((name) => [
    { ...entryOf(PREFIXES.lockPrefix, name, 'exclusive'), area: 'locks' as const },
    { ...entryOf(PREFIXES.lockPrefix, name, 'shared'), area: 'locks' as const },
    { ...entryOf(PREFIXES.electionPrefix, name, 'exclusive'), area: 'elections' as const },
  ]),
  // Nobody's entry, but below the prefix.
  { key: Buffer.from(`a/${encodeName('a')}`), area: 'locks', name: 'a' },
  { key: Buffer.from('\0latchkey/v2/secret'), area: 'own', name: '\0latchkey/v2/secret' },
];

function entryOf(below: string, name: string, mode: 'exclusive' | 'shared') {
  return { key: entryKey(createArena(below, name, 'name'), '0123456789abcdef', mode), name };
}

const ENOUGH: Record<Place['area'], Record<'look' | 'change', readonly Right[]>> = {
  keys: { look: ['read'], change: ['write'] },
  locks: { look: ['read', 'lock'], change: ['lock'] },
  elections: { look: ['read', 'lock'], change: ['lock'] },
  own: { look: ['read'], change: [] },
};

export function isAllowed(scope: Scope, place: Place, deed: 'look' | 'change'): boolean {
  const hasRight = ENOUGH[place.area][deed].some((right) => scope.rights.has(right));
  const isCovered = scope.prefixes.some((prefix) =>
    place.area === 'own' ? prefix === '' : place.name.startsWith(prefix),
  );
  return hasRight && isCovered;
}

const header = { clusterId: '1', memberId: '2', revision: 7, raftTerm: 1 };

/** Every method adds its name to `passed` and answers as little as it may; leases carry the keys that `onLease` says. */
export function recordingClient(onLease: Readonly<Record<string, readonly Buffer[]>> = {}) {
  const passed: string[] = [];
  const answer = <T>(name: string, value: T) => {
    return (): Promise<T> => {
      passed.push(name);
      return Promise.resolve(value);
    };
  };
  const etcd: EtcdClient = {
    range: answer('range', { header, kvs: [], more: false, count: 0 }),
    put: answer('put', { header, prevKv: undefined }),
    deleteRange: answer('deleteRange', { header, deleted: 0, prevKvs: [] }),
    txn: answer('txn', { header, succeeded: true, responses: [] }),
    leaseGrant: answer('leaseGrant', { header, lease: '1', ttlSeconds: 5 }),
    leaseRevoke: answer('leaseRevoke', true),
    leaseKeepAlive: answer('leaseKeepAlive', { header, ttlSeconds: 5 }),
    leaseTimeToLive: (_caller, lease): Promise<LeaseTimeToLiveResponse> => {
      const keys = onLease[lease];
      const ttlSeconds = keys === undefined ? undefined : 5;
      return Promise.resolve({ header, ttlSeconds, grantedTtlSeconds: 5, keys: keys ?? [] });
    },
    leaseLeases: answer('leaseLeases', { header, leases: [] }),
    compact: answer('compact', undefined),
    memberAdd: answer('memberAdd', {
      header,
      member: { id: '3', name: '', peerUrls: [], clientUrls: [], isLearner: false },
    }),
    memberUpdate: answer('memberUpdate', header),
    memberRemove: answer('memberRemove', header),
    members: answer('members', { header, members: [] }),
    membersAt: answer('members', { header, members: [] }),
    alarms: answer('alarms', []),
    statuses: answer('statuses', []),
    health: answer('health', undefined),
    userRoles: answer('userRoles', []),
    userList: answer('userList', undefined),
    version: answer('version', { etcdserver: '3.5.0', etcdcluster: '3.5.0' }),
    status: answer('status', {
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
