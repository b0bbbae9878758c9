// The measured cases: the same put and get at the gateway and at etcd itself, and the simple lock, which etcd does not have.

const VALUE = 'x'.repeat(64);
/** Several keys, so that no single key becomes the bottleneck. */
const KEYS = Array.from({ length: 16 }, (_, i) => `bench/key-${i}`);
const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {'gateway' | 'etcd'} target
 * @property {string} url
 * @property {(seed: string) => object[]} requests autocannon's requests of one connection, in order; each connection has another seed
 * @property {(body: string) => boolean} isCorrect
 */

/** @returns {Case[]} */
export function cases({ gatewayUrl, etcdUrl }) {
  return [
    {
      name: 'put',
      target: 'gateway',
      url: gatewayUrl,
      requests: () => KEYS.map((key) => json('PUT', `/v1/kv/${key}`, { value: VALUE })),
      isCorrect: (body) => body.includes('"revision"'),
    },
    {
      name: 'put',
      target: 'etcd',
      url: etcdUrl,
      requests: () =>
        KEYS.map((key) => json('POST', '/v3/kv/put', { key: base64(key), value: base64(VALUE) })),
      isCorrect: (body) => body.includes('"revision"'),
    },
    {
      name: 'get',
      target: 'gateway',
      url: gatewayUrl,
      requests: () => KEYS.map((key) => ({ method: 'GET', path: `/v1/kv/${key}` })),
      isCorrect: (body) => body.includes(VALUE),
    },
    {
      name: 'get',
      target: 'etcd',
      url: etcdUrl,
      requests: () => KEYS.map((key) => json('POST', '/v3/kv/range', { key: base64(key) })),
      isCorrect: (body) => body.includes(base64(VALUE)),
    },
    {
      name: 'simple lock',
      target: 'gateway',
      url: gatewayUrl,
      // Each connection acquires and releases a lock of its own.
      requests: (seed) => {
        const lock = { resource: `/bench/${seed}`, user_id: 'bench' };
        return [json('PUT', '/', lock), json('DELETE', '/', lock)];
      },
      isCorrect: (body) => body === '{"succeeded":true}\n',
    },
  ];
}

function json(method, path, body) {
  return { method, path, headers: JSON_TYPE, body: JSON.stringify(body) };
}

function base64(text) {
  return Buffer.from(text).toString('base64');
}
