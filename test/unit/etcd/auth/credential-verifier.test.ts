// Proving who callers are, at members that are slow, silent or gone: what that costs, and whose fault it is.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Access } from '../../../../src/etcd/auth/call-authenticator.js';
import { createAuthenticate } from '../../../../src/etcd/auth/authenticate.js';
import { Proofs } from '../../../../src/etcd/auth/credential-verifier.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { callerFor } from '../../../support/caller.js';
import { tokenIdentity, userLogin } from '../../../support/identities.js';

// nock puts sockets of its own between, and they do not take part in the making of a connection.
beforeAll(() => nock.restore());
afterAll(() => nock.activate());

type Handle = (req: IncomingMessage, res: ServerResponse) => void;

async function member(handle: Handle): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function world(...urls: string[]) {
  const transport = createTransport(
    { socketsMax: 64, idleSocketsMax: 4, answerBytesMax: 10_000 },
    createConnector({ connectTimeoutMs: 300 }),
  );
  onTestFinished(() => transport.close());
  const pool = new EndpointPool(urls);
  const access = new Access({ authenticate: createAuthenticate(transport) });
  const standings = (): (string | undefined)[] => pool.all.map((each) => pool.standingOf(each));
  return { proofs: new Proofs({ pool, access, transport }), standings };
}

const answer = (res: ServerResponse, status: number, body: object): void =>
  void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const ann = userLogin('ann', 'secret');
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'proved',
    (error: unknown) => (error instanceof GatewayError ? error.code : error),
  );

describe('a member that cannot say who a caller is', () => {
  it('is let be when it is slow with passwords: anybody can make it so', async () => {
    const { proofs, standings } = world(await member(() => undefined));
    expect(await codeOf(proofs.prove(callerFor(), ann))).toBe('etcd-unavailable');
    expect(standings()).toEqual(['up']);
  });

  it('is let be when it takes a name for something that it does not know', async () => {
    const body = { code: 3, message: 'this is no name' };
    const { proofs, standings } = world(await member((_req, res) => answer(res, 400, body)));
    for (let count = 0; count < 4; count++)
      expect(await codeOf(proofs.prove(callerFor(), ann))).toBe('etcd-unavailable');
    expect(standings()).toEqual(['up']);
  });

  it('is left at once when it takes no connection, or has no leader', async () => {
    const body = { code: 14, message: 'etcdserver: no leader' };
    const leaderless = await member((_req, res) => answer(res, 503, body));
    const { proofs, standings } = world('http://127.0.0.1:1', leaderless);
    expect(await codeOf(proofs.prove(callerFor(), ann))).toBe('etcd-unavailable');
    expect(standings()).toEqual(['down', 'down']);
  });
});

describe('many callers with one token', () => {
  it('cost etcd one question, and one of them in a hurry is late alone', async () => {
    let questions = 0;
    const url = await member((_req, res) => {
      questions++;
      setTimeout(
        () => answer(res, 403, { code: 7, message: 'etcdserver: permission denied' }),
        200,
      );
    });
    const { proofs } = world(url);
    const { login } = tokenIdentity('abcdefghijklmnop.7');
    if (login?.kind !== 'token') throw new Error('a token has a login');
    const [hurried, ...others] = await Promise.all([
      codeOf(proofs.prove({ ...callerFor(), deadline: performance.now() + 20 }, login)),
      ...Array.from({ length: 50 }, () => codeOf(proofs.prove(callerFor(), login))),
    ]);
    expect(hurried).toBe('timeout');
    expect(new Set(others)).toEqual(new Set(['proved']));
    expect(questions).toBe(1);
  });
});
