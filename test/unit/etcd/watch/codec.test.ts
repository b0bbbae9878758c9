import { describe, expect, it } from 'vitest';
import {
  decodeWatch,
  encodeWatchCancel,
  encodeWatchCreate,
  encodeWatchProgress,
} from '../../../../src/etcd/watch/codec.js';
import { NO_WATCH } from '../../../../src/etcd/wire.js';

const HEADER = { cluster_id: '1', member_id: '2', revision: '9', raft_term: '2' };

/** As it goes over the wire: without what is undefined. */
function wire(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('a request on a watch stream', () => {
  it('names a range in base64, and asks for fragments', () => {
    const request = { key: Buffer.from([0xff]), rangeEnd: Buffer.from([0]) };
    expect(wire(encodeWatchCreate(3, request))).toEqual({
      create_request: { watch_id: 3, key: '/w==', range_end: 'AA==', filters: [], fragment: true },
    });
  });

  it.each([
    [{ noPut: true }, ['NOPUT']],
    [{ noDelete: true }, ['NODELETE']],
    [{ noPut: true, noDelete: true }, ['NOPUT', 'NODELETE']],
    [{ noPut: false, noDelete: false }, []],
  ])('filters %j', (filter, filters) => {
    const request = { key: Buffer.from('a'), ...filter };
    expect(wire(encodeWatchCreate(1, request))).toMatchObject({ create_request: { filters } });
  });

  it('cancels by ID and asks for progress', () => {
    expect(encodeWatchCancel(7)).toEqual({ cancel_request: { watch_id: 7 } });
    expect(encodeWatchProgress()).toEqual({ progress_request: {} });
  });
});

describe('a message on a watch stream', () => {
  it('is read as etcd writes events: zeros left out, a deletion with its key and revision alone', () => {
    const previous = { key: 'YQ==', create_revision: '5', mod_revision: '8', version: '2' };
    const response = decodeWatch({
      header: HEADER,
      watch_id: '4',
      events: [
        {
          kv: { key: 'YQ==', create_revision: '5', mod_revision: '8', version: '2', lease: '777' },
        },
        { type: 'DELETE', kv: { key: 'YQ==', mod_revision: '9' }, prev_kv: previous },
      ],
    });
    expect(response).toMatchObject({
      watchId: 4,
      revision: 9,
      isCreated: false,
      isCanceled: false,
      isFragment: false,
      compactRevision: undefined,
    });
    const [put, deletion] = response.events;
    expect(put).toMatchObject({
      kind: 'put',
      kv: { createRevision: 5, modRevision: 8, version: 2, lease: '0000000000000309' },
      prevKv: undefined,
    });
    expect(put?.kv.value).toEqual(Buffer.alloc(0));
    expect(deletion).toMatchObject({
      kind: 'delete',
      kv: { key: Buffer.from('a'), modRevision: 9, createRevision: 0 },
      prevKv: { modRevision: 8 },
    });
  });

  it('names no watch where it is a refusal', () => {
    const reason = { created: true, canceled: true, cancel_reason: 'permission denied' };
    expect(decodeWatch({ header: HEADER, watch_id: '-1', ...reason })).toMatchObject({
      watchId: NO_WATCH,
      isCreated: true,
      isCanceled: true,
      cancelReason: 'permission denied',
    });
  });

  it('has no revision in its header where it tells a compaction on etcd 3.4 and 3.5', () => {
    const header = { cluster_id: '1', member_id: '2', raft_term: '2' };
    expect(
      decodeWatch({ header, watch_id: '4', canceled: true, compact_revision: '8' }),
    ).toMatchObject({ isCanceled: true, compactRevision: 8, revision: 0 });
  });

  it('says when it is a fragment', () => {
    expect(decodeWatch({ header: HEADER, watch_id: '4', fragment: true }).isFragment).toBe(true);
  });

  it.each([
    {},
    { header: HEADER, events: {} },
    { header: HEADER, events: [{ type: 'MOVE', kv: {} }] },
    { header: HEADER, events: [{}] },
    { header: HEADER, watch_id: '9007199254740993' },
  ])('that etcd never sends is an invalid response: %j', (json) => {
    expect(() => decodeWatch(json)).toThrow(/invalid response/);
  });
});
