import { describe, expect, it } from 'vitest';
import { BodyBuffer } from '../../../../src/http/body/body-buffer.js';

describe('the buffer of a body', () => {
  it('L14: returns the bytes of any chunks in their order, again and again', () => {
    const buffer = new BodyBuffer(1_000_000);
    for (const sizes of [[0], [5], [1, 1, 1], [100_000, 1, 99_999, 0, 300_000]]) {
      const chunks = sizes.map((size, index) => Buffer.alloc(size, index + 1));
      for (const chunk of chunks) buffer.append(chunk);
      expect(buffer.take().equals(Buffer.concat(chunks))).toBe(true);
      expect(buffer.length).toBe(0);
    }
  });

  it('L14: takes memory for the bytes of a body, however many chunks they arrive in', () => {
    const bytesMax = 1_000_000;
    const buffer = new BodyBuffer(bytesMax);
    const chunk = Buffer.alloc(1, 7);
    let grown = 0;
    for (let index = 0, last = 0; index < bytesMax; index++) {
      const bytes = buffer.bytesWith(chunk);
      if (bytes !== last) grown++;
      last = bytes;
      buffer.append(chunk);
    }
    expect(grown).toBeLessThan(20);
    expect(buffer.bytesWith(Buffer.alloc(0))).toBe(bytesMax);
    expect(buffer.take()).toHaveLength(bytesMax);
  });
});
