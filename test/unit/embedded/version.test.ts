import { describe, expect, it } from 'vitest';
import { compareVersions, isOlder, versionIn } from '../../../src/embedded/version.js';

describe("etcd's versions", () => {
  it('are read out of what etcd --version prints', () => {
    expect(versionIn('etcd Version: 3.5.30\nGit SHA: abc\nGo Version: go1.26.4\n')).toBe('3.5.30');
  });

  it('are unknown in a text without one', () => {
    expect(versionIn('bash: etcd: 3.5')).toBeUndefined();
  });

  it('are compared number by number', () => {
    expect(['3.10.0', '3.5.30', '3.5.4', '3.6.0'].sort(compareVersions)).toEqual([
      '3.5.4',
      '3.5.30',
      '3.6.0',
      '3.10.0',
    ]);
  });

  it('are older only when they differ', () => {
    expect(isOlder('3.5.30', '3.5.30')).toBe(false);
    expect(isOlder('3.5.9', '3.5.30')).toBe(true);
  });
});
