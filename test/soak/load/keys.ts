// Keys and values in every form, at every API: reads, writes, conditions, lists, transactions, exports, and requests that are wrong.
import type { Caller } from '../caller.js';

export const SOAK = 'soak/';
const BULK = `${SOAK}bulk/`;
const KEYS = 200;
const BULK_KEYS = 500;
const BULK_VALUE = 'v'.repeat(200);
const SHORT_TTL_SECONDS = 5;

/** What the exports read. */
export async function writeBulk(caller: Caller): Promise<void> {
  const lines = Array.from({ length: BULK_KEYS }, (_, index) =>
    JSON.stringify({ key: `${BULK}${index}`, value: BULK_VALUE }),
  );
  const headers = { 'content-type': 'application/x-ndjson' };
  await caller.call('import', 'POST', '/v1/kv/import', { text: lines.join('\n'), headers });
}

export async function exportAndImport(caller: Caller): Promise<void> {
  const headers = { accept: 'application/x-ndjson' };
  await caller.call('export', 'GET', `/v1/kv?prefix=${BULK}`, { headers });
  await writeBulk(caller);
}

/** One request about a key, whichever chance gives. */
export async function useKey(caller: Caller): Promise<void> {
  const { random } = caller;
  const name = random.weighted(SHARES);
  await ACTS[name](caller, name, `${SOAK}k${random.whole([0, KEYS - 1])}`);
}

type Act = (caller: Caller, what: string, key: string) => Promise<unknown>;

const SHARES = {
  put: 20,
  'put bytes': 6,
  'put with ttl': 4,
  get: 20,
  'get bytes': 4,
  'get serializable': 4,
  head: 4,
  history: 3,
  'compare and set': 10,
  create: 4,
  delete: 6,
  'delete prefix': 2,
  list: 4,
  level: 2,
  count: 2,
  transaction: 6,
  'raw put': 4,
  'raw range': 4,
  invalid: 3,
  missing: 3,
  'no such route': 1,
};

const at = (key: string): string => `/v1/kv/${key}`;
const bytes = { 'content-type': 'application/octet-stream' };

const ACTS: Readonly<Record<keyof typeof SHARES, Act>> = {
  put: (caller, what, key) => caller.call(what, 'PUT', at(key), { body: valueOf(caller) }),
  'put bytes': (caller, what, key) =>
    caller.call(what, 'PUT', at(key), { text: '\0\x01', headers: bytes }),
  'put with ttl': (caller, what, key) =>
    caller.call(what, 'PUT', at(`${key}/ttl`), { body: { value: 'v', ttl: SHORT_TTL_SECONDS } }),
  get: (caller, what, key) => caller.call(what, 'GET', at(key)),
  'get bytes': (caller, what, key) => caller.call(what, 'GET', `${at(key)}?raw`),
  'get serializable': (caller, what, key) =>
    caller.call(what, 'GET', `${at(key)}?consistency=serializable`),
  head: (caller, what, key) => caller.call(what, 'HEAD', at(key)),
  history: (caller, what, key) => caller.call(what, 'GET', `${at(key)}?history=true&limit=5`),
  'compare and set': async (caller, what, key) => {
    const { body } = await caller.call('get', 'GET', at(key));
    const headers = { 'if-match': `"${body?.modRevision ?? 1}"` };
    return caller.call(what, 'PUT', at(key), { body: valueOf(caller), headers });
  },
  create: (caller, what, key) =>
    caller.call(what, 'PUT', at(key), { body: valueOf(caller), headers: { 'if-none-match': '*' } }),
  delete: (caller, what, key) => caller.call(what, 'DELETE', at(key)),
  'delete prefix': (caller, what, key) => caller.call(what, 'DELETE', `/v1/kv?prefix=${key}/`),
  list: async (caller, what) => {
    const { body } = await caller.call(what, 'GET', `/v1/kv?prefix=${SOAK}k&limit=20`);
    if (body?.next === undefined) return;
    const next = encodeURIComponent(String(body.next));
    await caller.call(what, 'GET', `/v1/kv?prefix=${SOAK}k&limit=20&next=${next}`);
  },
  level: (caller, what) => caller.call(what, 'GET', `/v1/kv?prefix=${SOAK}&delimiter=/`),
  count: (caller, what) => caller.call(what, 'GET', `/v1/kv?prefix=${SOAK}&countOnly=true`),
  transaction: (caller, what, key) =>
    caller.call(what, 'POST', '/v1/txn', {
      body: {
        if: [{ key, exists: true }],
        then: [{ put: { key, ...valueOf(caller) } }, { get: { prefix: `${key}/` } }],
        else: [{ put: { key, value: 'first' } }],
      },
    }),
  'raw put': (caller, what, key) =>
    caller.call(what, 'POST', '/v3/kv/put', { body: { key: base64(key), value: base64('raw') } }),
  'raw range': (caller, what, key) =>
    caller.call(what, 'POST', '/v3/kv/range', { body: { key: base64(key) } }),
  invalid: (caller, what, key) => caller.call(what, 'PUT', at(key), { body: { vaule: 'v' } }),
  missing: (caller, what, key) => caller.call(what, 'GET', at(`${key}/missing`)),
  'no such route': (caller, what) => caller.call(what, 'GET', '/v1/nothing'),
};

function valueOf({ random }: Caller): { value: string } {
  return { value: 'v'.repeat(random.whole([0, 2_000])) };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
