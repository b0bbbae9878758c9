import { describe, expect, it } from 'vitest';
import { ERROR_CODES, GatewayError } from '../../../../src/core/errors.js';
import { rawStreamError, toRawError } from '../../../../src/http/raw/errors.js';

describe('toRawError', () => {
  it('keeps the status and puts the same text into error and message', () => {
    const error = new GatewayError('misdirected-request', { detail: 'who?', hint: 'do this' });
    expect(toRawError(error)).toEqual({
      status: 421,
      body: { error: 'who?; do this', message: 'who?; do this', code: 7 },
    });
  });

  it('S36: uses the text of etcd alone as the message, and puts the rest into detail', () => {
    const error = new GatewayError('timeout', {
      detail: 'too slow',
      hint: 'wait',
      outcome: 'unknown',
    });
    const message = 'context deadline exceeded';
    expect(toRawError(error).body).toEqual({
      error: message,
      message,
      code: 4,
      detail: 'too slow; wait; outcome: unknown',
    });
    const words = 'etcdserver: user name is empty';
    const empty = new GatewayError('invalid-request', { detail: words });
    expect(toRawError(empty).body).toEqual({ error: words, message: words, code: 3 });
  });

  it('puts the outcome into the message where etcd has no text', () => {
    const error = new GatewayError('etcd-unavailable', { detail: 'broken', outcome: 'unknown' });
    expect(toRawError(error).body).toMatchObject({ message: 'broken; outcome: unknown', code: 14 });
  });

  it('falls back to the title', () => {
    expect(toRawError(new GatewayError('etcd-unavailable')).body.message).toBe(
      'etcd is not available',
    );
  });

  it('has a gRPC code other than OK and UNKNOWN for every code of the catalogue', () => {
    for (const code of ERROR_CODES) {
      const grpcCode = toRawError(new GatewayError(code)).body.code;
      expect(grpcCode).toBeGreaterThanOrEqual(3);
      expect(grpcCode).toBeLessThanOrEqual(16);
    }
  });

  it.each([
    ['not-found', 5],
    ['method-not-allowed', 12],
    ['too-large', 3],
    ['etcd-unavailable', 14],
    ['unauthenticated', 16],
  ] as const)('gives %s the gRPC code %i', (code, grpcCode) => {
    expect(toRawError(new GatewayError(code)).body.code).toBe(grpcCode);
  });
});

describe('rawStreamError', () => {
  it('is one line with the members of both eras of etcd', () => {
    const line = rawStreamError(new GatewayError('etcd-unavailable', { detail: 'gone' }));
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      error: {
        code: 14,
        grpc_code: 14,
        http_code: 503,
        http_status: 'Service Unavailable',
        message: 'gone',
      },
    });
  });
});
