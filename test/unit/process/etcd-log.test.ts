import { describe, expect, it } from 'vitest';
import { logUnrecognizedError } from '../../../src/process/etcd-log.js';
import { createLog } from '../../../src/process/log.js';

describe('the log of etcd', () => {
  it('warns of an unrecognized error with its path and message', () => {
    let text = '';
    const log = createLog('info', { write: (line) => void (text += line) });
    logUnrecognizedError(log, '/v3/watch', 'etcdserver: a new error');
    expect(JSON.parse(text)).toMatchObject({
      level: 40,
      path: '/v3/watch',
      message: 'etcdserver: a new error',
      msg: 'unrecognized error from etcd',
    });
  });
});
