import { describe, expect, it } from 'vitest';
import { releaseEntries } from '../../../../src/domain/contention/entry-cleanup.js';
import { GatewayError } from '../../../../src/core/errors.js';
import type { EtcdClient } from '../../../../src/etcd/client.js';
import { callerFor } from '../../../support/caller.js';

const entry = {
  key: Buffer.from('locks/a/1'),
  mode: 'exclusive',
  createRevision: 7,
  lease: undefined,
  value: Buffer.alloc(0),
} as const;

/** Deletes end in these, one after the other. */
function failing(...errors: readonly GatewayError[]): EtcdClient {
  const left = [...errors];
  return { txn: () => Promise.reject(left.shift() ?? new Error('one call too many')) } as any;
}

const errorOf = (error: unknown): any => error;
const unanswered = new GatewayError('timeout', { outcome: 'unknown' });
const refused = new GatewayError('no-leader', { outcome: 'not-applied' });

describe('a release', () => {
  it('that failed at once has ended nothing', async () => {
    const error = await releaseEntries(callerFor(), failing(refused), [entry]).catch(errorOf);
    expect([error.code, error.outcome]).toEqual(['no-leader', 'not-applied']);
  });

  it('whose first attempt may have ended it is unknown, whatever became of the next', async () => {
    const etcd = failing(unanswered, refused);
    const error = await releaseEntries(callerFor(), etcd, [entry]).catch(errorOf);
    expect([error.code, error.outcome]).toEqual(['no-leader', 'unknown']);
  });
});
