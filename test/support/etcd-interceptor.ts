// A gateway whose etcd is reached through the test: each call can be seen, held back, or robbed of its answer.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { send } from './http-client.js';
import type { Answer } from './http-client.js';
import { spawnGateway } from './processes.js';

export interface UpstreamCall {
  readonly path: string;
  readonly body: string;
}

/** `forward` sends the call on. What it resolves with is answered; `undefined` cuts the connection without an answer. */
export type Intercept = (
  call: UpstreamCall,
  forward: () => Promise<Answer>,
) => Promise<Answer | undefined>;

export interface InterceptedGateway {
  readonly baseUrl: string;
  /** What the gateway has written so far. */
  output(): string;
  /** The calls that reached etcd's place, in their order. */
  readonly calls: readonly UpstreamCall[];
  /** From now on; passes everything on in the beginning. */
  intercept(by: Intercept): void;
}

/** Starts it for one test, with further flags. */
export async function spawnInterceptedGateway(
  etcd: string,
  flags: readonly string[] = [],
): Promise<InterceptedGateway> {
  const calls: UpstreamCall[] = [];
  let intercept: Intercept = (_call, forward) => forward();
  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const call = { path: req.url ?? '', body: Buffer.concat(chunks).toString() };
      calls.push(call);
      const headers = { 'content-type': 'application/json' };
      const { authorization } = req.headers;
      const sent = { ...headers, ...(authorization !== undefined && { authorization }) };
      const forward = (): Promise<Answer> =>
        send(etcd, req.method ?? 'POST', call.path, { headers: sent, body: call.body });
      intercept(call, forward).then(
        (answer) => {
          if (answer === undefined) res.destroy();
          else res.writeHead(answer.status, headers).end(answer.bytes);
        },
        () => res.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const gateway = await spawnGateway({
    args: ['--endpoints', `127.0.0.1:${port}`, '--log-level=warn', ...flags],
  });
  onTestFinished(() => gateway.stop());
  calls.length = 0;
  const { baseUrl } = gateway;
  const output = (): string => gateway.output();
  return { baseUrl, output, calls, intercept: (by) => (intercept = by) };
}
