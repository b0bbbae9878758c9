// The chunks in which the raw v3 API sends its streams: each message of etcd in one, as etcd itself sends it.
import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { openChunks, sendObject } from '../support/http-chunks.js';
import type { ChunkReader } from '../support/http-chunks.js';
import { post, serveRawRouter, serveTcp } from '../support/raw-router-server.js';
import { chunk } from '../support/raw-socket.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const SIZES = [10, 10_000, 100_000, 1_000_000];
const PREFIXES = ['/v3', '/v3beta', '/v3alpha'];

async function etcd(path: string, body: object): Promise<Record<string, unknown>> {
  const { status, text } = await post(`${inject('etcdEndpoint')}/v3/${path}`, JSON.stringify(body));
  expect(status, text).toBe(200);
  return JSON.parse(text) as Record<string, unknown>;
}

function open(baseUrl: string, path: string, first: object, isOpen = false): ChunkReader {
  const reader = openChunks(baseUrl, path, first, isOpen);
  onTestFinished(() => void reader.socket.destroy());
  return reader;
}

/** etcd sends the newline of a large message as a chunk of its own. */
const messagesOf = (chunks: readonly string[]): string[] =>
  chunks.map((each) => each.trim()).filter((each) => each !== '');

/** Each chunk of the gateway is one message with its newline, and they are those of etcd. */
function expectSameMessages(ofGateway: readonly string[], ofEtcd: readonly string[]): void {
  for (const each of ofGateway) {
    expect(() => void JSON.parse(each)).not.toThrow();
    expect(each.indexOf('\n')).toBe(each.length - 1);
  }
  expect(messagesOf(ofGateway)).toEqual(messagesOf(ofEtcd));
}

async function untilBoth(
  readers: readonly ChunkReader[],
  isLast: (message: string) => boolean,
): Promise<void> {
  const check = (chunks: readonly string[]): boolean => messagesOf(chunks).some(isLast);
  const [ofGateway = [], ofEtcd = []] = await Promise.all(readers.map((each) => each.until(check)));
  expectSameMessages(ofGateway, ofEtcd);
}

describe('a stream of etcd', () => {
  it.each(PREFIXES)('F59: sends each event of %s/watch in one chunk', async (prefix) => {
    const { url } = await serveRawRouter([inject('etcdEndpoint')]);
    const key = base64(`chunks/${randomUUID()}`);
    const create = { create_request: { key, prev_kv: true } };
    const readers = [
      open(url, `${prefix}/watch`, create),
      open(inject('etcdEndpoint'), '/v3/watch', create),
    ];
    await untilBoth(readers, (message) => message.includes('"created":true'));
    for (const size of SIZES) await etcd('kv/put', { key, value: base64('v'.repeat(size)) });
    await etcd('kv/put', { key, value: base64('last') });
    await untilBoth(readers, (message) => message.includes(`"value":"${base64('last')}"`));
  });

  it.each(PREFIXES)(
    'F59: sends each leader of %s/election/observe in one chunk',
    async (prefix) => {
      const { url } = await serveRawRouter([inject('etcdEndpoint')]);
      const name = base64(`chunks/${randomUUID()}`);
      const { ID: lease } = await etcd('lease/grant', { TTL: 60 });
      const { leader } = await etcd('election/campaign', { name, lease, value: base64('first') });
      const readers = [
        open(url, `${prefix}/election/observe`, { name }),
        open(inject('etcdEndpoint'), '/v3/election/observe', { name }),
      ];
      await untilBoth(readers, (message) => message.includes(base64('first')));
      for (const value of [...SIZES.map((size) => 'v'.repeat(size)), 'last']) {
        await etcd('election/proclaim', { leader, value: base64(value) });
        // An observer sees the newest leader alone if it is late.
        await untilBoth(readers, (message) => message.includes(`"value":"${base64(value)}"`));
      }
    },
  );

  it.each(PREFIXES)(
    'F59: sends each renewal of %s/lease/keepalive in one chunk',
    async (prefix) => {
      const { url } = await serveRawRouter([inject('etcdEndpoint')]);
      const { ID } = await etcd('lease/grant', { TTL: 60 });
      const reader = open(url, `${prefix}/lease/keepalive`, { ID }, true);
      for (const count of [1, 2, 3]) {
        const chunks = await reader.until(({ length }) => length >= count);
        expect(chunks).toHaveLength(count);
        expect(JSON.parse(chunks.at(-1) ?? '')).toMatchObject({ result: { ID, TTL: '60' } });
        expect(chunks.at(-1)).toMatch(/\}\n$/);
        sendObject(reader.socket, { ID });
      }
    },
  );

  it('F59: sends each piece of a snapshot in one chunk', async () => {
    const { url } = await serveRawRouter([inject('etcdEndpoint')]);
    await etcd('kv/put', { key: base64(randomUUID()), value: base64('v'.repeat(1_000_000)) });
    const isLast = (chunks: readonly string[]): boolean =>
      messagesOf(chunks).some((each) => !each.includes('"remaining_bytes"'));
    const sizesOf = async (baseUrl: string): Promise<number[]> => {
      const reader = open(baseUrl, '/v3/maintenance/snapshot', {});
      const messages = messagesOf(await reader.until(isLast));
      return messages.map((each) => {
        const { result } = JSON.parse(each) as { result: { blob: string } };
        return Buffer.from(result.blob, 'base64').length;
      });
    };
    const ofGateway = await sizesOf(url);
    expect(ofGateway.length).toBeGreaterThan(10);
    // Only the size of a full piece is equal: the database may grow between the two, because other tests use the same etcd.
    const ofEtcd = await sizesOf(inject('etcdEndpoint'));
    expect(Math.max(...ofGateway)).toBe(Math.max(...ofEtcd));
  });
});

describe('lines that arrive in pieces', () => {
  const HEAD =
    'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

  it('F59: are sent whole, several in one piece too, and a last one without a newline', async () => {
    const lines = ['{"a":1}\n', `{"b":"${'x'.repeat(9_000)}"}\n`, '{"ü":2}\n', '{"last":3}'];
    const text = Buffer.from(lines.join(''));
    const endpoint = await serveTcp((socket) => {
      socket.setNoDelay(true);
      socket.write(HEAD);
      const cuts = [3, 8, 20, 5_000, 9_021, 9_022, text.length];
      const send = (from: number, [to, ...rest]: readonly number[]): void => {
        if (to === undefined) return void socket.end('0\r\n\r\n');
        const piece = text.subarray(from, to);
        socket.write(`${piece.length.toString(16)}\r\n`);
        socket.write(piece);
        socket.write('\r\n');
        setTimeout(() => send(to, rest), 20);
      };
      send(0, cuts);
    });
    const { url } = await serveRawRouter([endpoint]);
    const reader = open(url, '/v3/watch', {});
    expect(await reader.until(({ length }) => length >= lines.length)).toEqual(lines);
  });

  it('F59: leave a broken stream at the end of a line, so that its error is a message', async () => {
    const endpoint = await serveTcp((socket) => {
      socket.write(`${HEAD}${chunk('{"whole":1}\n{"half":')}`);
      setTimeout(() => socket.destroy(), 100);
    });
    const { url } = await serveRawRouter([endpoint]);
    const [whole, error, ...more] = await open(url, '/v3/watch', {}).until(
      ({ length }) => length >= 2,
    );
    expect([whole, more]).toEqual(['{"whole":1}\n', []]);
    expect(JSON.parse(error ?? '')).toMatchObject({ error: { code: 14 } });
  });
});
