import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { findRawRpc } from '../../../../src/http/raw/paths.js';
import { classifyRequest } from '../../../../src/http/request/classification.js';
import type { RequestClass } from '../../../../src/http/request/classification.js';

const classify = (method: string, url: string): RequestClass =>
  classifyRequest({ method, url } as IncomingMessage);

describe('renewals and releases', () => {
  it.each([
    ['DELETE', '/'],
    ['DELETE', '/v1/locks/a'],
    ['DELETE', '/v1/elections/a'],
    ['DELETE', '/v1/leases/1'],
    ['POST', '/v1/locks/a%2Fb/keepalive'],
    ['POST', '/v1/elections/a/keepalive'],
    ['POST', '/v1/leases/1/keepalive'],
    ['POST', '/v3/lease/keepalive'],
    ['POST', '/v3beta/lease/revoke'],
    ['POST', '/v3alpha/kv/lease/revoke'],
    ['POST', '/v3/lock/unlock'],
    ['POST', '/v3/election/resign'],
  ])('include %s %s', (method, path) => {
    expect(classify(method, path).isRenewalOrRelease).toBe(true);
    expect(classify(method, `${path}?a=b`).isRenewalOrRelease).toBe(true);
  });

  it.each([
    ['PUT', '/'],
    ['GET', '/v1/locks/a'],
    ['PUT', '/v1/locks/a'],
    ['POST', '/v1/locks/a/hold'],
    ['POST', '/v1/leases'],
    ['DELETE', '/v1/kv/a'],
    ['DELETE', '/v2/members'],
    ['POST', '/v3/lock/lock'],
    ['POST', '/v3/lease/grant'],
    ['POST', '/v3/kv/deleterange'],
  ])('do not include %s %s', (method, path) => {
    expect(classify(method, path).isRenewalOrRelease).toBe(false);
  });
});

describe('requests to the raw API', () => {
  it('have the RPC of their path, whatever the method is', () => {
    expect(classify('GET', '/v3beta/kv/put?a')).toMatchObject({
      path: '/v3beta/kv/put',
      isRaw: true,
      rawRpc: findRawRpc('/v3/kv/put'),
    });
  });

  it('have no RPC if their path is unknown', () => {
    expect(classify('POST', '/v3/x')).toMatchObject({ isRaw: true, rawRpc: undefined });
  });

  it('do not include other paths', () => {
    expect(classify('POST', '/v1/kv/v3/put')).toMatchObject({ isRaw: false, rawRpc: undefined });
  });
});
