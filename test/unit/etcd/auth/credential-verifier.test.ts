// Verification of credentials at members that are slow, silent or unreachable: its cost, and its effect on the health of the member.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CallAuthenticator } from '../../../../src/etcd/auth/call-authenticator.js';
import { createAuthenticate } from '../../../../src/etcd/auth/authenticate.js';
import { CredentialVerifier } from '../../../../src/etcd/auth/credential-verifier.js';
import { EndpointPool } from '../../../../src/etcd/endpoints/pool.js';
import { createConnector } from '../../../../src/etcd/transport/connection.js';
import { createTransport } from '../../../../src/etcd/transport/transport.js';
import { GatewayError } from '../../../../src/core/errors.js';
import { callerFor } from '../../../support/caller.js';
import { tokenIdentity, userLogin } from '../../../support/identities.js';

// nock replaces sockets with its own, which do not take part in connecting.
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

function createVerifier(...urls: string[]) {
  const transport = createTransport(
    { socketsMax: 64, idleSocketsMax: 4, responseBytesMax: 10_000 },
    createConnector({ connectTimeoutMs: 300 }),
  );
  onTestFinished(() => transport.close());
  const pool = new EndpointPool(urls);
  const authenticator = new CallAuthenticator({ authenticate: createAuthenticate(transport) });
  const standings = (): (string | undefined)[] => pool.all.map((each) => pool.stateOf(each));
  return { verifier: new CredentialVerifier({ pool, authenticator, transport }), standings };
}

const respond = (res: ServerResponse, status: number, body: object): void =>
  void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const ann = userLogin('ann', 'secret');
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'verified',
    (error: unknown) => (error instanceof GatewayError ? error.code : error),
  );

describe('a member that cannot verify credentials', () => {
  it('stays up when it is slow to check passwords, because any client can cause that', async () => {
    const { verifier, standings } = createVerifier(await member(() => undefined));
    expect(await codeOf(verifier.verifyBeforeDeadline(callerFor(), ann))).toBe('etcd-unavailable');
    expect(standings()).toEqual(['healthy']);
  });

  it('stays up when it rejects the user name as malformed', async () => {
    const body = { code: 3, message: 'invalid user name' };
    const { verifier, standings } = createVerifier(
      await member((_req, res) => respond(res, 400, body)),
    );
    for (let count = 0; count < 4; count++)
      expect(await codeOf(verifier.verifyBeforeDeadline(callerFor(), ann))).toBe(
        'etcd-unavailable',
      );
    expect(standings()).toEqual(['healthy']);
  });

  it('goes down at once when it refuses connections or has no leader', async () => {
    const body = { code: 14, message: 'etcdserver: no leader' };
    const leaderless = await member((_req, res) => respond(res, 503, body));
    const { verifier, standings } = createVerifier('http://127.0.0.1:1', leaderless);
    expect(await codeOf(verifier.verifyBeforeDeadline(callerFor(), ann))).toBe('etcd-unavailable');
    expect(standings()).toEqual(['ejected', 'ejected']);
  });
});

describe('many clients with one token', () => {
  it('cause one request to etcd, and a short deadline affects only its own client', async () => {
    let requests = 0;
    const url = await member((_req, res) => {
      requests++;
      setTimeout(
        () => respond(res, 403, { code: 7, message: 'etcdserver: permission denied' }),
        200,
      );
    });
    const { verifier } = createVerifier(url);
    const { login } = tokenIdentity('abcdefghijklmnop.7');
    if (login?.kind !== 'token') throw new Error('a token has a login');
    const [withShortDeadline, ...others] = await Promise.all([
      codeOf(
        verifier.verifyBeforeDeadline({ ...callerFor(), deadline: performance.now() + 20 }, login),
      ),
      ...Array.from({ length: 50 }, () =>
        codeOf(verifier.verifyBeforeDeadline(callerFor(), login)),
      ),
    ]);
    expect(withShortDeadline).toBe('timeout');
    expect(new Set(others)).toEqual(new Set(['verified']));
    expect(requests).toBe(1);
  });
});
