import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HeldBytes, LineChunks } from '../../../../src/http/raw/line-chunks.js';

const LINE_MAX = 200_000;

/** A reader that takes the next chunk when `take` is called, or every chunk at once. */
function serve({ held = new HeldBytes(), isSlow = false } = {}) {
  const from = new Readable({ read: () => undefined });
  const written: string[] = [];
  const waiting: (() => void)[] = [];
  const to = new Writable({
    highWaterMark: 1,
    write(bytes: Buffer, _encoding, done) {
      written.push(bytes.toString());
      if (isSlow) waiting.push(done);
      else done();
    },
  });
  const lines = new LineChunks(from, to, held, LINE_MAX);
  lines.start();
  const send = async (...pieces: readonly string[]): Promise<void> => {
    for (const piece of pieces) {
      from.push(piece);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  return { from, to, lines, held, written, send, take: () => waiting.shift()?.() };
}

describe('lines as chunks', () => {
  it('F59: are passed on in pieces above the maximum, and whole again after it', async () => {
    const { written, send, lines } = serve();
    const piece = 'x'.repeat(LINE_MAX / 2);
    await send(piece, piece, 'y', piece);
    expect(lines.isAtLineEnd).toBe(false);
    await send('end\nne', 'xt\n');
    expect(written).toEqual([`${piece}${piece}y`, piece, 'end\n', 'next\n']);
    expect(lines.isAtLineEnd).toBe(true);
  });

  it('F59: are passed on in pieces if all streams together hold too much, unless they are short', async () => {
    const held = new HeldBytes(100_000);
    const others = [serve({ held }), serve({ held })];
    for (const other of others) await other.send('o'.repeat(60_000));
    const { written, send } = serve({ held });
    await send('sho', 'rt\n', 'x'.repeat(70_000), 'y\n');
    expect(written).toEqual(['short\n', 'x'.repeat(70_000), 'y\n']);
    for (const { to } of others) {
      to.destroy();
      await once(to, 'close');
    }
    await send('x'.repeat(70_000), 'y\n');
    expect(written.at(-1)).toBe(`${'x'.repeat(70_000)}y\n`);
    expect(held.count).toBe(0);
  });

  it('F59: are read no faster than they are taken, and count until then', async () => {
    const { from, written, send, take, held } = serve({ isSlow: true });
    await send('one\n', 'two\n', 'three\n');
    expect([written, from.isPaused(), held.count]).toEqual([['one\n'], true, 4]);
    for (let count = 0; count < 3; count++) {
      take();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect([written, held.count]).toEqual([['one\n', 'two\n', 'three\n'], 0]);
  });

  it('F59: hold nothing after either side has ended', async () => {
    const held = new HeldBytes();
    const left = serve({ held, isSlow: true });
    await left.send('taken\n', 'half');
    left.to.destroy();
    const ended = serve({ held });
    await ended.send('whole\nhalf');
    ended.from.push(null);
    await once(ended.to, 'close');
    expect([ended.written, held.count]).toEqual([['whole\n', 'half'], 0]);
    const stopped = serve({ held });
    await stopped.send('half');
    stopped.lines.stop();
    await stopped.send('more\n');
    expect([stopped.written, held.count]).toEqual([[], 0]);
  });
});
