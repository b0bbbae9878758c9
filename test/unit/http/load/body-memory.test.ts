import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { BodyMemory } from '../../../../src/http/load/body-memory.js';

function responseTo(method: string, url: string): Response {
  const response = new EventEmitter() as unknown as Response;
  return Object.assign(response, { req: { method, url }, destroyed: false, closed: false });
}

const write = (): Response => responseTo('PUT', '/v1/kv/a');

describe('the memory of request bodies', () => {
  it('L14: refuses what would exceed its limit with 429, and takes it once another request ended', () => {
    const shed: string[] = [];
    const memory = new BodyMemory({ bytesMax: 100, onShed: (what) => shed.push(what) });
    const first = write();
    memory.share(first).hold(80);
    const second = memory.share(write());
    expect(() => second.hold(21)).toThrow(GatewayError);
    expect(() => second.hold(21)).toThrow(
      expect.objectContaining({ status: 429, retryAfterSeconds: 1 }),
    );
    expect([memory.bytes, shed]).toEqual([80, ['body-bytes', 'body-bytes']]);
    first.emit('close');
    second.hold(21);
    expect(memory.bytes).toBe(21);
  });

  it('L14: counts what a request holds now, not what it held', () => {
    const memory = new BodyMemory({ bytesMax: 100, onShed: () => undefined });
    const share = memory.share(write());
    for (const bytes of [10, 90, 30, 0, 100]) {
      share.hold(bytes);
      expect(memory.bytes).toBe(bytes);
    }
  });

  it('L14: keeps nothing of a response that was closed before or is closed meanwhile', () => {
    const memory = new BodyMemory({ bytesMax: 100, onShed: () => undefined });
    const closed = Object.assign(write(), { destroyed: true });
    memory.share(closed).hold(50);
    const closing = write();
    const share = memory.share(closing);
    share.hold(50);
    closing.emit('close');
    share.hold(70);
    expect(memory.bytes).toBe(0);
  });

  it('L14: refuses no renewal and no release, and counts them', () => {
    const memory = new BodyMemory({ bytesMax: 100, onShed: () => undefined });
    memory.share(write()).hold(100);
    memory.share(responseTo('POST', '/v1/locks/a/keepalive')).hold(10);
    memory.share(responseTo('DELETE', '/v1/locks/a')).hold(10);
    expect(memory.bytes).toBe(120);
  });
});
