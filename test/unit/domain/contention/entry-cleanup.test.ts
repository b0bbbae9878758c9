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

/** Fails each transaction with the next of these errors. */
function failing(...errors: readonly GatewayError[]): EtcdClient {
  const remaining = [...errors];
  return {
    txn: () => Promise.reject(remaining.shift() ?? new Error('unexpected transaction')),
  } as any;
}

const errorOf = (error: unknown): any => error;
const unknownOutcome = new GatewayError('timeout', { outcome: 'unknown' });
const refused = new GatewayError('no-leader', { outcome: 'not-applied' });

describe('a release', () => {
  it('reports not-applied when its first attempt is refused', async () => {
    const error = await releaseEntries(callerFor(), failing(refused), [entry]).catch(errorOf);
    expect([error.code, error.outcome]).toEqual(['no-leader', 'not-applied']);
  });

  it('reports unknown when an earlier attempt may have deleted the entry', async () => {
    const etcd = failing(unknownOutcome, refused);
    const error = await releaseEntries(callerFor(), etcd, [entry]).catch(errorOf);
    expect([error.code, error.outcome]).toEqual(['no-leader', 'unknown']);
  });
});
