// Inputs whose cost once grew with the square of their length. Each is so long that the old code does not finish, or overflows the stack.
import { describe, expect, it } from 'vitest';
import type { Operation, Transaction } from '../../../src/domain/transaction/operation.js';
import { refuseOverlaps } from '../../../src/domain/transaction/overlaps.js';
import { snapshotReads } from '../../../src/domain/v2/tree/path-snapshot.js';
import { ancestorsOf, countNames, markerKey, parsePath } from '../../../src/domain/v2/tree/path.js';
import { toV2Events } from '../../../src/domain/v2/history/revision-events.js';
import type { WatchEvent } from '../../../src/etcd/wire.js';
import { parseKeyText } from '../../../src/http/v1/key-text.js';
import { parseValueText } from '../../../src/http/v1/value-body.js';

const MUCH = 1_000_000;

function deletionOf(key: Buffer): WatchEvent {
  const kv = {
    key,
    value: Buffer.alloc(0),
    createRevision: 0,
    modRevision: 9,
    version: 0,
    lease: undefined,
  };
  return { kind: 'delete', kv, prevKv: { ...kv, createRevision: 2, modRevision: 2, version: 1 } };
}

function transactionOf(
  success: readonly Operation[],
  failure: readonly Operation[] = [],
): Transaction {
  return {
    at: '',
    comparisons: [],
    success: { at: '/then', operations: success },
    failure: { at: '/else', operations: failure },
  };
}

describe('inputs of great length', () => {
  it('S26: counts the names of a v2 path before it builds the paths above', () => {
    expect(() => snapshotReads(parsePath('/a'.repeat(MUCH)))).toThrow(/more than 60 names/);
    expect(() => snapshotReads(parsePath('/a'.repeat(61)))).toThrow(/more than 60 names/);
    expect(snapshotReads(parsePath('/a'.repeat(60)))).toHaveLength(121);
  });

  it('S26: compares the puts and deletions of nested transactions', () => {
    const keys = Array.from({ length: MUCH / 10 }, (_, index) => Buffer.from(`k${MUCH + index}`));
    const puts = keys.map((key): Operation => ({ kind: 'put', at: 'a put', key, value: key }));
    const range = { key: Buffer.from('k') };
    const deletions = keys.map((): Operation => ({ kind: 'delete', at: 'a deletion', range }));
    let nested = transactionOf(puts, deletions);
    for (let level = 0; level < 10; level++) {
      nested = transactionOf([{ kind: 'txn', at: 'a nested one', transaction: nested }]);
    }
    expect(() => refuseOverlaps(nested)).not.toThrow();
  });

  it('S26: names each directory above a path', () => {
    expect(ancestorsOf('/a/b/c')).toEqual(['/a', '/a/b']);
    expect(ancestorsOf('/a')).toEqual([]);
    expect([countNames(''), countNames('/a'), countNames('/a/b')]).toEqual([0, 1, 2]);
  });

  it('S26: refuses a base64url key full of padding', () => {
    for (const text of [`${'='.repeat(MUCH)}a`, '='.repeat(MUCH), 'YQ===']) {
      expect(() => parseKeyText(text, 'base64url', 'key')).toThrow(/not base64url/);
    }
    for (const text of ['YQ', 'YQ=', 'YQ==']) {
      expect(parseKeyText(text, 'base64url', 'key').toString()).toBe('a');
    }
  });

  it('S26: judges a base64 value of any length', () => {
    const long = 'A'.repeat(16 * MUCH);
    expect(() => parseValueText({ value: `${long}!`, encoding: 'base64' }, '')).toThrow(
      /not base64/,
    );
    expect(parseValueText({ value: long, encoding: 'base64' }, '')).toHaveLength(12 * MUCH);
  });

  it.each([
    ['', true],
    ['YQ==', true],
    ['YQ', true],
    ['YWI=', true],
    ['YWI', true],
    ['YWJj', true],
    ['Y', false],
    ['YWJjY', false],
    ['Y===', false],
    ['====', false],
    ['YQ=', false],
    ['YQ==YQ==', false],
    ['YW-j', false],
  ])('S26: takes %j as base64: %s', (value, isTaken) => {
    const parse = (): Buffer => parseValueText({ value, encoding: 'base64' }, '');
    if (isTaken) expect(parse().toString('utf8')).toBe('abc'.slice(0, parse().length));
    else expect(parse).toThrow(/not base64/);
  });

  it('S26: groups the removal of very many directories', () => {
    const directories = Array.from({ length: 100_000 }, (_, index) => `/d${index}`);
    const events = directories.flatMap((directory) => [
      deletionOf(markerKey(directory)),
      deletionOf(Buffer.from(`${directory}/file`)),
    ]);
    const of = { revision: 9, events, record: undefined };
    const told = toV2Events(of, { expirationOf: () => undefined, isLeaseAlive: () => true });
    expect(told.map(({ node }) => node.path)).toEqual(directories);
  });

  it('S26: reports the topmost of nested directories that are removed, and not their siblings', () => {
    const keys = ['/a', '/a/b', '/a-b'].map(markerKey);
    const files = ['/a/b/c', '/a-c', '/a/x'].map((path) => Buffer.from(path));
    const of = { revision: 9, events: [...keys, ...files].map(deletionOf), record: undefined };
    const told = toV2Events(of, { expirationOf: () => undefined, isLeaseAlive: () => true });
    expect(told.map(({ node }) => node.path).sort()).toEqual(['/a', '/a-b', '/a-c']);
  });
});
