import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { GATEWAY_IDENTITY } from '../../../../src/core/caller.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { BodyMemory } from '../../../../src/http/load/body-memory.js';
import { createContext } from '../../../../src/http/request/context.js';

function responseTo(method: string, url: string): Response {
  const req = { method, url, headers: {} } as Request;
  const res = Object.assign(new EventEmitter() as unknown as Response, {
    req,
    destroyed: false,
    closed: false,
    setHeader: () => undefined,
  });
  const middleware = createContext({ requestTimeoutSeconds: 10 }, GATEWAY_IDENTITY);
  void middleware(req, res, () => undefined);
  return res;
}

const write = (): Response => responseTo('PUT', '/v1/kv/a');

describe('the memory of request bodies', () => {
  it('L14: rejects an excess body with 429 until another request ends', () => {
    const rejected: string[] = [];
    const memory = new BodyMemory({ bytesMax: 100, onRejected: (what) => rejected.push(what) });
    const first = write();
    memory.share(first).hold(80);
    const second = memory.share(write());
    expect(() => second.hold(21)).toThrow(GatewayError);
    expect(() => second.hold(21)).toThrow(
      expect.objectContaining({ status: 429, retryAfterSeconds: 1 }),
    );
    expect([memory.bytes, rejected]).toEqual([80, ['body-bytes', 'body-bytes']]);
    first.emit('close');
    second.hold(21);
    expect(memory.bytes).toBe(21);
  });

  it('L14: counts the bytes that a request holds now, not those that it held before', () => {
    const memory = new BodyMemory({ bytesMax: 100, onRejected: () => undefined });
    const share = memory.share(write());
    for (const bytes of [10, 90, 30, 0, 100]) {
      share.hold(bytes);
      expect(memory.bytes).toBe(bytes);
    }
  });

  it('L14: counts nothing for a response that is closed or closes meanwhile', () => {
    const memory = new BodyMemory({ bytesMax: 100, onRejected: () => undefined });
    const closed = Object.assign(write(), { destroyed: true });
    memory.share(closed).hold(50);
    const closing = write();
    const share = memory.share(closing);
    share.hold(50);
    closing.emit('close');
    share.hold(70);
    expect(memory.bytes).toBe(0);
  });

  it('L14: counts renewals and releases, but never rejects them', () => {
    const memory = new BodyMemory({ bytesMax: 100, onRejected: () => undefined });
    memory.share(write()).hold(100);
    memory.share(responseTo('POST', '/v1/locks/a/keepalive')).hold(10);
    memory.share(responseTo('DELETE', '/v1/locks/a')).hold(10);
    expect(memory.bytes).toBe(120);
  });
});
