import { describe, expect, it } from 'vitest';
import {
  parseEventRecord,
  putEventRecord,
} from '../../../../../src/domain/v2/history/event-record.js';
import type { EventRecord } from '../../../../../src/domain/v2/history/event-record.js';

const REVISION = 7;
const EVENT: EventRecord = {
  action: 'update',
  path: '/a',
  isDirectory: true,
  createdIndex: 3,
  expiration: { expiresAt: 2_000, ttl: 2 },
  previous: {
    path: '/a',
    isDirectory: true,
    expiration: { expiresAt: 1_000, ttl: 1 },
    modifiedIndex: 3,
    createdIndex: 3,
  },
  isRefresh: false,
};

function storedValue(): Buffer {
  const operation = putEventRecord(EVENT);
  if (operation.kind !== 'put' || operation.put.value === undefined) throw new Error('no value');
  return operation.put.value;
}

describe('the event record', () => {
  it('stores the expiration under the name that earlier versions read', () => {
    expect(JSON.parse(storedValue().toString())).toEqual({
      action: 'update',
      path: '/a',
      isDirectory: true,
      createdIndex: 3,
      lifetime: { expiresAt: 2_000, ttl: 2 },
      previous: {
        path: '/a',
        isDirectory: true,
        lifetime: { expiresAt: 1_000, ttl: 1 },
        modifiedIndex: 3,
        createdIndex: 3,
      },
      isRefresh: false,
      at: expect.any(Number),
    });
  });

  it('is read at its own revision only', () => {
    const kv = {
      key: Buffer.from('any'),
      value: storedValue(),
      createRevision: 1,
      modRevision: REVISION,
      version: 1,
      lease: undefined,
    };
    expect(parseEventRecord(kv, REVISION)).toEqual({ ...EVENT, at: expect.any(Number) });
    expect(parseEventRecord(kv, REVISION + 1)).toBeUndefined();
  });
});
