import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/process/log.js';

function written(fields: object, message: string): string {
  let text = '';
  createLog('info', { write: (line) => void (text += line) }).info(fields, message);
  return text;
}

describe('the log', () => {
  it('writes one line of JSON with a UTC time and neither host name nor process ID', () => {
    const line = JSON.parse(written({ lock: 'deploy' }, 'done')) as Record<string, unknown>;
    expect(line).toEqual({
      level: 30,
      time: expect.stringMatching(/Z$/),
      lock: 'deploy',
      msg: 'done',
    });
  });

  it('S20: keeps on its line whatever a caller calls a lock, and hands terminals nothing to obey', () => {
    const lock = 'a\r\n{"level":60}\u001b[2J\u009b2J\u0085\u2028\u2029\u202e\u2066\u007f';
    const text = written({ lock }, lock);
    expect(text).toMatch(/^[\x20-\x7e]+\n$/);
    const line = JSON.parse(text) as { lock: string; msg: string };
    expect([line.lock, line.msg]).toEqual([lock, lock]);
  });

  it('leaves other text as people wrote it', () => {
    expect(written({ lock: 'größe/日本' }, 'x')).toContain('"größe/日本"');
  });
});
