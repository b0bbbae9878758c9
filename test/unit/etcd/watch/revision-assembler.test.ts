import { describe, expect, it } from 'vitest';
import { RevisionAssembler } from '../../../../src/etcd/watch/revision-assembler.js';
import { NO_WATCH } from '../../../../src/etcd/wire.js';
import type { WatchEvent, WatchResponse } from '../../../../src/etcd/wire.js';

const BYTES_MAX = 10_000;

function put(key: string, modRevision: number, value = ''): WatchEvent {
  const numbers = { createRevision: 1, modRevision, version: 1, lease: undefined };
  return {
    kind: 'put',
    kv: { key: Buffer.from(key), value: Buffer.from(value), ...numbers },
    prevKv: undefined,
  };
}

function message(isFragment: boolean, ...events: WatchEvent[]): WatchResponse {
  return {
    clusterId: '',
    watchId: NO_WATCH,
    revision: 100,
    isCreated: false,
    isCanceled: false,
    cancelReason: undefined,
    compactRevision: undefined,
    isFragment,
    events,
  };
}

function names(events: readonly WatchEvent[]): string[] {
  return events.map(({ kv }) => `${kv.key.toString()}@${kv.modRevision}`);
}

describe('a whole message', () => {
  it('passes as it is', () => {
    const joiner = new RevisionAssembler(2, BYTES_MAX);
    expect(names(joiner.push(message(false, put('a', 2), put('b', 2), put('a', 3))))).toEqual([
      'a@2',
      'b@2',
      'a@3',
    ]);
  });

  it('loses what lies before the first revision that is wanted', () => {
    const joiner = new RevisionAssembler(5, BYTES_MAX);
    expect(names(joiner.push(message(false, put('a', 4), put('a', 5))))).toEqual(['a@5']);
  });

  it('loses what was created before the watch was, when no first revision was named', () => {
    const joiner = new RevisionAssembler(undefined, BYTES_MAX);
    joiner.created(7);
    expect(names(joiner.push(message(false, put('a', 7), put('a', 8))))).toEqual(['a@8']);
  });

  it('loses revisions that passed before', () => {
    const joiner = new RevisionAssembler(1, BYTES_MAX);
    joiner.push(message(false, put('a', 2), put('a', 3)));
    expect(names(joiner.push(message(false, put('a', 3), put('a', 4))))).toEqual(['a@4']);
  });
});

describe('a message in fragments', () => {
  it('keeps the last revision of a fragment until the next one tells that it is whole', () => {
    const joiner = new RevisionAssembler(1, BYTES_MAX);
    expect(names(joiner.push(message(true, put('a', 2), put('a', 3))))).toEqual(['a@2']);
    expect(names(joiner.push(message(true, put('b', 3), put('c', 3), put('a', 4))))).toEqual([
      'a@3',
      'b@3',
      'c@3',
    ]);
    expect(names(joiner.push(message(false, put('b', 4))))).toEqual(['a@4', 'b@4']);
  });

  it('joins a revision that fills several fragments', () => {
    const joiner = new RevisionAssembler(1, BYTES_MAX);
    expect(joiner.push(message(true, put('a', 2)))).toEqual([]);
    expect(joiner.push(message(true, put('b', 2)))).toEqual([]);
    expect(names(joiner.push(message(false, put('c', 2))))).toEqual(['a@2', 'b@2', 'c@2']);
  });

  it('lets go of a revision when the next fragment begins with another one', () => {
    const joiner = new RevisionAssembler(1, BYTES_MAX);
    joiner.push(message(true, put('a', 2)));
    expect(names(joiner.push(message(true, put('a', 3))))).toEqual(['a@2']);
    expect(names(joiner.push(message(false)))).toEqual(['a@3']);
  });

  it('does not hold back more than its limit', () => {
    const joiner = new RevisionAssembler(1, BYTES_MAX);
    joiner.push(message(true, put('a', 2, 'x'.repeat(BYTES_MAX / 2))));
    expect(() => joiner.push(message(true, put('b', 2, 'x'.repeat(BYTES_MAX / 2))))).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  it('counts each revision anew', () => {
    const joiner = new RevisionAssembler(1, BYTES_MAX);
    for (let revision = 2; revision < 10; revision++) {
      joiner.push(message(true, put('a', revision, 'x'.repeat(BYTES_MAX / 2))));
    }
    expect(names(joiner.push(message(false)))).toEqual(['a@9']);
  });
});

describe('progress', () => {
  it('is passed on at and above what was delivered, not below', () => {
    const joiner = new RevisionAssembler(5, BYTES_MAX);
    expect([3, 4, 9].map((revision) => joiner.allowsProgress(revision))).toEqual([
      false,
      true,
      true,
    ]);
    joiner.push(message(false, put('a', 7)));
    expect([6, 7].map((revision) => joiner.allowsProgress(revision))).toEqual([false, true]);
  });

  it('is kept back inside a revision', () => {
    const joiner = new RevisionAssembler(1, BYTES_MAX);
    joiner.push(message(true, put('a', 2)));
    expect(joiner.allowsProgress(50)).toBe(false);
    joiner.push(message(false, put('b', 2)));
    expect(joiner.allowsProgress(50)).toBe(true);
  });
});
