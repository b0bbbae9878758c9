// A gateway whose requests to etcd pass through the test, which can read, delay or drop each request and response.
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

/** `forward` sends the request to etcd. The result is the response; `undefined` cuts the connection without a response. */
export type Intercept = (
  call: UpstreamCall,
  forward: () => Promise<Answer>,
) => Promise<Answer | undefined>;

export interface InterceptedGateway {
  readonly baseUrl: string;
  /** The output of the gateway so far. */
  output(): string;
  /** The requests of the gateway so far, in order. */
  readonly calls: readonly UpstreamCall[];
  /** Replaces the interceptor. The initial one forwards everything. */
  intercept(by: Intercept): void;
}

/** Starts the gateway for one test, with additional flags. */
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
