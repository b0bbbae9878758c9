import { describe, expect, it } from 'vitest';
import { ERROR_CODES, GatewayError } from '../../../../src/errors.js';
import { rawStreamError, toRawError } from '../../../../src/http/raw/errors.js';

describe('toRawError', () => {
  it('keeps the status and puts the same text into error and message', () => {
    const error = new GatewayError('misdirected-request', { detail: 'who?', hint: 'do this' });
    expect(toRawError(error)).toEqual({
      status: 421,
      body: { error: 'who?; do this', message: 'who?; do this', code: 7 },
    });
  });

  it('tells the outcome in the message', () => {
    const error = new GatewayError('timeout', { detail: 'too slow', outcome: 'unknown' });
    expect(toRawError(error).body).toMatchObject({
      message: 'too slow; outcome: unknown',
      code: 4,
    });
  });

  it('falls back to the title', () => {
    expect(toRawError(new GatewayError('no-leader')).body.message).toBe('etcd has no leader');
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
    ['too-large', 8],
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
