import { describe, expect, it } from 'vitest';
import { classifyFailure, toGatewayError } from '../../../src/etcd/status.js';

// Bodies of three dialects: grpc-gateway v1 (etcd 3.4 and upstream 3.5), v2 (3.6, Debian's 3.5), and the error line of a stream.
const v1 = (message: string, code: number): object => ({ error: message, message, code });
const v2 = (message: string, code: number): object => ({ code, message, details: [] });
const stream = (message: string, code: number): object => ({
  error: { grpc_code: code, http_code: 500, message, http_status: 'x' },
});
const streamV2 = (message: string, code: number): object => ({
  error: { code, message, details: [] },
});

describe('classifyFailure', () => {
  const cases: [message: string, grpcCode: number, code: string, effect: string][] = [
    ['etcdserver: no leader', 14, 'no-leader', 'not-proposed'],
    ['etcdserver: too many requests', 8, 'too-many-requests', 'not-proposed'],
    ['etcdserver: mvcc: database space exceeded', 8, 'out-of-space', 'refused-late'],
    [
      'etcdserver: request timed out, possibly due to previous leader failure',
      14,
      'etcd-unavailable',
      'unknown',
    ],
    ['etcdserver: leader changed', 14, 'etcd-unavailable', 'unknown'],
    ['context deadline exceeded', 2, 'etcd-unavailable', 'unknown'],
    [
      'etcdserver: mvcc: required revision has been compacted',
      11,
      'revision-compacted',
      'definite',
    ],
    ['etcdserver: requested lease not found', 5, 'lease-not-found', 'definite'],
    ['etcdserver: lease already exists', 9, 'already-exists', 'definite'],
    ['etcdserver: permission denied', 7, 'permission-denied', 'definite'],
    ['etcdserver: request is too large', 3, 'too-large', 'definite'],
    ['grpc: received message larger than max (2300000 vs. 2097152)', 8, 'too-large', 'definite'],
    ['etcdserver: duplicate key given in txn request', 3, 'invalid-request', 'definite'],
    ['etcdserver: something new', 14, 'etcd-unavailable', 'unknown'],
    ['something newer still', 99, 'etcd-unavailable', 'unknown'],
  ];
  it.each(cases)(
    'reads %j with gRPC code %i as %s, %s, in every dialect',
    (message, grpcCode, code, effect) => {
      for (const body of [v1, v2, stream, streamV2]) {
        expect(classifyFailure(body(message, grpcCode))).toMatchObject({ code, effect });
      }
    },
  );

  it('takes what is no error of etcd as garbage whose effect is unknown', () => {
    for (const body of [undefined, null, 'text', [], {}, { kvs: [] }]) {
      expect(classifyFailure(body)).toMatchObject({
        code: 'etcd-refused',
        effect: 'unknown',
        isRecognized: false,
      });
    }
  });
});

describe('toGatewayError', () => {
  it('tells an outcome for a write, and Retry-After only when nothing happened', () => {
    const lost = toGatewayError(classifyFailure(v1('etcdserver: request timed out', 14)), true);
    expect([lost.status, lost.outcome, lost.retryAfterSeconds]).toEqual([
      503,
      'unknown',
      undefined,
    ]);
    const full = toGatewayError(
      classifyFailure(v1('etcdserver: mvcc: database space exceeded', 8)),
      true,
    );
    expect([full.status, full.outcome, full.retryAfterSeconds]).toEqual([
      503,
      'unknown',
      undefined,
    ]);
    expect(full.hint).toMatch(/read before you repeat.*NOSPACE/);
    const leaderless = toGatewayError(classifyFailure(v1('etcdserver: no leader', 14)), true);
    expect([leaderless.status, leaderless.outcome, leaderless.retryAfterSeconds]).toEqual([
      503,
      'not-applied',
      1,
    ]);
  });

  it('tells no outcome for a read', () => {
    const error = toGatewayError(classifyFailure(v1('etcdserver: request timed out', 14)), false);
    expect([error.status, error.outcome, error.retryAfterSeconds]).toEqual([503, undefined, 1]);
  });
});
