import { describe, expect, it } from 'vitest';
import {
  checksNestedRights,
  checksRightsUnderAlarm,
  keepsRenewedLeases,
} from '../../../src/etcd/version.js';

describe('checksNestedRights', () => {
  it.each(['3.4.0', '3.4.23', '3.4.41', '3.5.0', '3.5.16', '3.5.27', '3.6.0', '3.6.8', ''])(
    'is not for etcd %s',
    (version) => expect(checksNestedRights(version)).toBe(false),
  );

  it.each(['3.4.42', '3.5.28', '3.5.30', '3.6.9', '3.7.0', '3.10.0', '4.0.0'])(
    'is for etcd %s',
    (version) => expect(checksNestedRights(version)).toBe(true),
  );
});

describe('checksRightsUnderAlarm', () => {
  it('is for etcd from 3.6 on', () => {
    const versions = [
      '',
      '3.4.23',
      '3.5.16',
      '3.5.30',
      '3.6.0',
      '3.6.14',
      '3.7.3',
      '3.10.0',
      '4.0.0',
    ];
    expect(versions.filter(checksRightsUnderAlarm)).toEqual(versions.slice(4));
  });
});

describe('keepsRenewedLeases', () => {
  it.each(['3.4.0', '3.4.23', '3.4.30', '3.5.0', '3.5.12'])('is false for etcd %s', (version) =>
    expect(keepsRenewedLeases(version)).toBe(false),
  );

  it.each(['3.4.31', '3.5.13', '3.5.30', '3.6.0', '3.7.0', '3.10.0', '4.0.0'])(
    'is true for etcd %s',
    (version) => expect(keepsRenewedLeases(version)).toBe(true),
  );
});
