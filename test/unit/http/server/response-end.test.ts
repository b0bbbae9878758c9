// Code that runs at the end of a response, also at one that has passed.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { onResponseEnd } from '../../../../src/http/server/response-end.js';

it.each(['end', 'destroy'] as const)(
  'L13: calls back once, before and after the end of a response (%s)',
  async (how) => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.on('error', () => undefined).resume();
    client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [, res] = await once(server, 'request');
    const calls: string[] = [];
    onResponseEnd(res, () => calls.push('before'));
    res[how]();
    await once(res, 'close');
    onResponseEnd(res, () => calls.push('after'));
    expect(calls).toEqual(['before']);
    await expect.poll(() => calls).toEqual(['before', 'after']);
  },
);
