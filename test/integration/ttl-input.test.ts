// Every field for a ttl in /v1 and /, and invalid ttls.
import { describe, expect, it } from 'vitest';
import { BYTES_TYPE } from '../support/http-client.js';
import { newKey } from '../support/new-key.js';
import { call, codeOf, json, pointersOf, statusOf } from '../support/v1-calls.js';

/** JSON texts, because many of them are not JavaScript numbers. */
const WRONG = [
  '0',
  '-0',
  '-1',
  '1.5',
  '0.5',
  '"5"',
  '"forever"',
  '9000000001',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '1e20',
  '1e400',
  '-1e400',
  '9'.repeat(1_000),
  '9'.repeat(50_000),
  '[]',
  '[5]',
  '{}',
  'true',
  'false',
];

type Place = readonly [
  operationId: string,
  method: string,
  path: (name: string) => string,
  body: (name: string, ttl: string) => string,
];

const PLACES: readonly Place[] = [
  ['putKey', 'PUT', (name) => `/v1/kv/${name}`, (_, ttl) => `{"value":"x","ttl":${ttl}}`],
  ['createLease', 'POST', () => '/v1/leases', (_, ttl) => `{"ttl":${ttl}}`],
  ['acquireLock', 'PUT', (name) => `/v1/locks/${name}`, (_, ttl) => `{"owner":"a","ttl":${ttl}}`],
  [
    'holdLock',
    'POST',
    (name) => `/v1/locks/${name}/hold`,
    (_, ttl) => `{"owner":"a","ttl":${ttl}}`,
  ],
  [
    'campaign',
    'PUT',
    (name) => `/v1/elections/${name}`,
    (_, ttl) => `{"candidate":"a","ttl":${ttl}}`,
  ],
  [
    'simpleLockAcquire',
    'PUT',
    () => '/',
    (name, ttl) => `{"resource":"${name}","user_id":"a","ttl":${ttl}}`,
  ],
];

describe('L19: an invalid ttl', () => {
  it.each(PLACES)('is 400 with its pointer at %s', async (operationId, method, path, body) => {
    for (const ttl of WRONG) {
      const name = newKey();
      const answer = await call(operationId, method, path(name), json(body(name, ttl)));
      expect(codeOf(answer), ttl.slice(0, 30)).toEqual([400, 'invalid-request']);
      expect(new Set(pointersOf(answer)), ttl.slice(0, 30)).toEqual(new Set(['/ttl']));
      expect(answer.text.length).toBeLessThan(2_000);
      expect(await statusOf(name)).toBe(404);
    }
  });

  it.each([
    '0',
    '-1',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    '9000000001',
    '9223372036854775808',
    '9'.repeat(4_000),
  ])('is 400 in the query, as ttl=%s', async (ttl) => {
    const sent = { headers: BYTES_TYPE, body: 'x' };
    const answer = await call(
      'putKey',
      'PUT',
      `/v1/kv/${newKey()}?ttl=${encodeURIComponent(ttl)}`,
      sent,
    );
    expect(codeOf(answer)).toEqual([400, 'invalid-request']);
    expect(new Set(pointersOf(answer))).toEqual(new Set(['ttl']));
  });

  it('is an unknown field in operations without a ttl: transactions, imports, renewals', async () => {
    const lines = {
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{"key":"a","value":"b","ttl":5}',
    };
    const answers = [
      await call(
        'transact',
        'POST',
        '/v1/txn',
        json('{"then":[{"put":{"key":"a","value":"b","ttl":5}}]}'),
      ),
      await call('importKeys', 'POST', '/v1/kv/import', lines),
      await call('keepLeaseAlive', 'POST', '/v1/leases/777/keepalive', json('{"ttl":5}')),
    ];
    for (const answer of answers) expect(codeOf(answer)).toEqual([400, 'invalid-request']);
  });
});
