import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WATCH_REQUEST_BYTES_MAX, WatchBody } from '../../../../src/http/raw/watch-body.js';

const FAR_END = /^\/{342}[8-9a-zA-Z+/]*=*$/;

/** What comes out of a body that comes in these pieces, and the error that it ends with. */
async function pass(pieces: readonly Buffer[]): Promise<{ lines: unknown[]; error?: Error }> {
  const body = new WatchBody();
  let text = '';
  let error: Error | undefined;
  body.on('data', (chunk: Buffer) => (text += chunk.toString()));
  body.on('error', (cause) => (error = cause));
  const closed = once(body, 'close').catch(() => undefined);
  for (const piece of pieces) body.write(piece);
  body.end();
  await closed;
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
  return { lines, ...(error && { error }) };
}

const read = (text: string): ReturnType<typeof pass> => pass([Buffer.from(text)]);

function cut(text: Buffer, size: number): Buffer[] {
  const count = Math.ceil(text.length / size);
  return Array.from({ length: count }, (_, i) => text.subarray(i * size, (i + 1) * size));
}

describe('a request on a watch stream', () => {
  it('is written anew with the names, numbers and base64 of etcd', async () => {
    const { lines } = await read(
      '{"createRequest":{"key":"-_8","rangeEnd":"AB==","startRevision":5,"watchId":"-7","prevKv":true,' +
        '"filters":[0,"NODELETE"],"fragment":false,"progressNotify":null}} ' +
        '{"cancelRequest":{"watchId":9007199254740991}}{"progressRequest":{}}',
    );
    expect(lines).toEqual([
      {
        create_request: {
          key: '+/8=',
          range_end: expect.stringMatching(FAR_END),
          start_revision: '5',
          watch_id: '-7',
          prev_kv: true,
          filters: ['NOPUT', 'NODELETE'],
          fragment: false,
        },
      },
      { cancel_request: { watch_id: '9007199254740991' } },
      { progress_request: {} },
    ]);
  });

  it('keeps an end that is none to the end of the keyspace', async () => {
    for (const end of ['', 'AAA=', 'YXBwMA==', '/w==']) {
      const { lines } = await read(`{"create_request":{"key":"YQ==","range_end":"${end}"}}`);
      expect(lines).toEqual([{ create_request: { key: 'YQ==', range_end: end } }]);
    }
  });

  it('goes to a far end that lies behind its key, whatever that is', async () => {
    const key = Buffer.alloc(1_000, 0xff);
    const request = { create_request: { key: key.toString('base64'), range_end: 'AA' } };
    const { lines } = await read(JSON.stringify(request));
    const [{ create_request: create }] = lines as [{ create_request: { range_end: string } }];
    expect(Buffer.from(create.range_end, 'base64').compare(key)).toBe(1);
  });

  it.each([
    '{}',
    'null',
    '[]',
    '"x"',
    'x{}',
    '{"create_request":null}',
    '{"create_request":[]}',
    '{"create_request":{},"progress_request":{}}',
    '{"create_request":{},"createRequest":{}}',
    '{"create_request":{},"create_request":{}}',
    '{"CreateRequest":{}}',
    '{"request_union":{"create_request":{}}}',
    '{"create_request":{"key":"YQ==","foo":1}}',
    '{"create_request":{"__proto__":{}}}',
    '{"create_request":{"constructor":{}}}',
    '{"create_request":{"key":[97]}}',
    '{"create_request":{"key":97}}',
    '{"create_request":{"key":"Y Q="}}',
    '{"create_request":{"key":"YQ==\\n"}}',
    '{"create_request":{"key":"YQ="}}',
    '{"create_request":{"key":"Y"}}',
    '{"create_request":{"key":"YQ==YQ=="}}',
    '{"create_request":{"key":"="}}',
    '{"create_request":{"range_end":"","range_end":"AA=="}}',
    '{"create_request":{"range_end":"","rangeEnd":"AA=="}}',
    '{"create_request":{"range_end":null,"rangeEnd":"AA=="}}',
    '{"create_request":{"start_revision":1.5}}',
    '{"create_request":{"start_revision":9007199254740993}}',
    '{"create_request":{"start_revision":"9223372036854775808"}}',
    '{"create_request":{"start_revision":"1e3"}}',
    '{"create_request":{"prev_kv":"true"}}',
    '{"create_request":{"filters":"NOPUT"}}',
    '{"create_request":{"filters":[2]}}',
    '{"create_request":{"filters":[-1]}}',
    '{"progress_request":{"watch_id":1}}',
    '{"create_request":{"key":"YQ=="}',
    '{"create_request":{"key":"YQ==",}}',
    '{/**/"create_request":{}}',
  ])('is refused: %s', async (text) => {
    const { lines, error } = await read(text);
    expect(lines).toEqual([]);
    expect(error).toMatchObject({ code: 'invalid-request' });
  });

  it('is refused with bytes that are no UTF-8 or a byte order mark', async () => {
    const good = Buffer.from('{"create_request":{"key":"YQ=="}}');
    const bad = [
      Buffer.concat([Buffer.from('{"\xff":1,', 'latin1'), good.subarray(1)]),
      Buffer.concat([Buffer.from('\ufeff'), good]),
      Buffer.concat([Buffer.from([0]), good]),
      Buffer.from(good.toString(), 'utf16le'),
    ];
    for (const bytes of bad) {
      expect(await pass([bytes])).toMatchObject({ lines: [], error: { code: 'invalid-request' } });
    }
  });

  it('is refused when it grows too long, before it ends', async () => {
    const start = Buffer.from('{"create_request":{"key":"');
    const { error } = await pass([start, Buffer.alloc(WATCH_REQUEST_BYTES_MAX, 0x41)]);
    expect(error).toMatchObject({ code: 'invalid-request' });
  });

  it('lets those before a refused one pass, and none behind it', async () => {
    const create = '{"create_request":{"key":"YQ=="}}';
    const { lines, error } = await read(`${create}\n${create},${create}`);
    expect(lines).toHaveLength(2);
    expect(error).toMatchObject({ code: 'invalid-request' });
  });
});

describe('whatever the spelling and the pieces', () => {
  const word = fc.constantFrom(
    ...['{', '}', '"', ':', ',', '\\', '[', ']', ' ', '\n', 'null', '0', '"AA=="', '"AA"', '""'],
    ...['"create_request":{', '"createRequest":{', '"key":"YQ==",', '"range_end":"AA=="'],
    ...['"rangeEnd":"AB"', '{"create_request":{"key":"YQ==","range_end":"AA=="}}', '}}'],
    ...['"range\\u005fend":"\\u0041A=="', '"range_end":"AA\\n=="', '{"progress_request":{}}'],
  );
  const bytes = fc
    .array(fc.oneof({ weight: 9, arbitrary: word }, fc.string({ unit: 'binary' })))
    .map((words) => Buffer.from(words.join('')));

  it('what comes out is canonical, and goes to the end of the keyspace never', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 40 }), async (text, size) => {
        const whole = await pass([text]);
        const pieces = await pass(cut(text, size));
        expect(pieces.lines).toEqual(whole.lines);
        expect(pieces.error?.message).toBe(whole.error?.message);
        for (const line of whole.lines as Record<string, Record<string, unknown>>[]) {
          const [[name, fields], ...others] = Object.entries(line) as [[string, object]];
          expect(others).toEqual([]);
          expect(['create_request', 'progress_request']).toContain(name);
          for (const [field, value] of Object.entries(fields)) {
            expect(['key', 'range_end']).toContain(field);
            expect(Buffer.from(String(value), 'base64').toString('base64')).toBe(value);
            expect(value).not.toBe('AA==');
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('nothing that etcd could take for an open end passes', async () => {
    const digit = fc.constantFrom(...'ABPQgw-_+/= \n\t'.split(''));
    const value = fc.array(digit, { maxLength: 9 }).map((digits) => digits.join(''));
    await fc.assert(
      fc.asyncProperty(value, fc.boolean(), async (end, isCamel) => {
        const field = isCamel ? 'rangeEnd' : 'range_end';
        const { lines, error } = await read(
          JSON.stringify({ create_request: { key: 'YQ==', [field]: end } }),
        );
        if (error !== undefined) return;
        const [{ create_request: create }] = lines as [{ create_request: { range_end: string } }];
        const sent = Buffer.from(create.range_end, 'base64');
        const meant = Buffer.from(end, 'base64');
        expect(end).toMatch(/^[\w+/-]*={0,2}$/);
        if (meant.equals(Buffer.from([0]))) expect(sent.every((byte) => byte === 0xff)).toBe(true);
        else expect(sent).toEqual(meant);
      }),
      { numRuns: 2_000 },
    );
  });
});
