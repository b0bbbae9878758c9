// The lines of a request body.
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Request } from 'express';
import { expect, it } from 'vitest';
import { readLines } from '../../../../src/http/body/body-lines.js';

it('L14: lets other work run between the lines of one chunk', async () => {
  const body = Object.assign(new PassThrough(), { headers: {} });
  body.end('\n'.repeat(60_000));
  let lines = 0;
  let linesBeforeOther: number | undefined;
  for await (const line of readLines(body as unknown as Request, 10, { hold: () => undefined })) {
    if (line.length === 0 && ++lines === 1) void nextTurn().then(() => (linesBeforeOther = lines));
  }
  expect(lines).toBe(60_000);
  expect(linesBeforeOther).toBeLessThanOrEqual(500);
});
