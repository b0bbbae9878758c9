import { expect, it, vi } from 'vitest';
import type { EndpointEvent } from '../../../src/etcd/endpoints/pool.js';
import { warnAboutVersions } from '../../../src/process/version-warnings.js';

/** Reports the members as usable one after the other, and returns what is logged. */
function logged(members: readonly string[], hasUsers = false): unknown[][] {
  const versions: string[] = [];
  const listeners: ((event: EndpointEvent) => void)[] = [];
  const warn = vi.fn();
  warnAboutVersions({
    pool: {
      subscribe(listener) {
        listeners.push(listener);
        return () => undefined;
      },
    },
    prober: { versions },
    log: { warn },
    hasUsers,
  });
  for (const version of members) {
    versions.push(version);
    for (const listener of listeners) listener({ kind: 'verified' } as EndpointEvent);
  }
  return warn.mock.calls;
}

it('warns once if several members can expire a renewed lease early', () => {
  expect(logged(['3.5.12', '3.5.11', '3.4.30'])).toEqual([
    [
      { versions: ['3.5.12'], fixedIn: ['3.4.31', '3.5.13'] },
      'this etcd can expire a renewed lease early after a paused leader resumes; upgrade etcd',
    ],
  ]);
});

it('warns about one affected member of several', () => {
  expect(logged(['3.5.13', '3.6.1', '3.5.12'])).toHaveLength(1);
});

it('does not warn about members with the fix', () => {
  expect(logged(['3.4.31', '3.5.13', '3.6.0'])).toEqual([]);
});

it('warns about nested transactions only if clients are users of etcd', () => {
  expect(logged(['3.5.27'])).toEqual([]);
  expect(logged(['3.5.27'], true)).toEqual([
    [
      { versions: ['3.5.27'], closedBy: ['3.4.42', '3.5.28', '3.6.9'] },
      expect.stringContaining('nested transactions'),
    ],
  ]);
});
