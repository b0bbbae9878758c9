// A proxy between a gateway and etcd that causes network faults for single requests: it loses a response, cuts the connection before the
// request, delays a request, or repeats an old one. Watches pass through as open streams until they are cut.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Socket } from 'node:net';
import { send } from './http-client.js';
import type { Answer } from './http-client.js';

const FAULT_LIMIT_MS = 20_000;

/** The kinds of requests that tests distinguish. */
export type CallKind =
  | 'grant'
  | 'revoke'
  | 'keepalive'
  | 'timetolive'
  | 'range'
  /** A transaction that only reads. */
  | 'read'
  /** A transaction that puts a value: it creates an entry. */
  | 'enter'
  /** A transaction that writes to an existing entry: it re-joins or converts it. */
  | 'update'
  | 'delete'
  | 'other';

export interface Call {
  readonly kind: CallKind;
  readonly path: string;
  readonly body: string;
  /** The keys in the request, as text. */
  readonly keys: readonly string[];
  /** The lease in the request, 16 hex digits; undefined for none. */
  readonly lease: string | undefined;
}

/** Returns the response for the gateway; `undefined` cuts the connection. `forward` may be called at any time, or never. */
export type Fault = (
  call: Call,
  forward: () => Promise<Answer>,
) => Promise<Answer | undefined> | undefined;

export interface FaultProxy {
  readonly endpoint: string;
  /** The requests so far, in order. */
  readonly calls: readonly Call[];
  /** Applies the fault to the next request that matches. Resolves with that request after the fault. */
  next(matches: (call: Call) => boolean, fault: Fault): Promise<Call>;
  /** Applies the fault to each request that matches, until the returned function is called. */
  every(matches: (call: Call) => boolean, fault: Fault): () => void;
  /** Sends an earlier request again, like a copy that arrives late. */
  resend(call: Call): Promise<Answer>;
  /** Cuts all watches, and refuses new ones until the returned function is called. */
  cutWatches(): () => void;
  /** Breaks every connection. Requests that were forwarded continue at etcd. */
  cutConnections(): void;
  stop(): Promise<void>;
}

/** etcd applies the request, but the response is lost. */
export const loseResponse: Fault = async (_call, forward) => {
  await forward();
  return undefined;
};

/** etcd applies the request, but the gateway receives another response. */
export const replaceResponse =
  (status: number, text: string | Buffer, headers: http.IncomingHttpHeaders = {}): Fault =>
  async (_call, forward) => {
    const answer = await forward();
    return { ...answer, status, headers, bytes: Buffer.from(text) };
  };

/** The request is refused and does not reach etcd. */
export const refuse =
  (status: number, body: object): Fault =>
  () => {
    const text = JSON.stringify(body);
    const bytes = Buffer.from(text);
    return Promise.resolve({ status, headers: {}, bytes, text, json: () => body });
  };

/** The request does not reach etcd, which the gateway cannot detect. */
export const cutBefore: Fault = () => undefined;

interface Rule {
  readonly matches: (call: Call) => boolean;
  readonly fault: Fault;
  readonly isOnce: boolean;
  readonly done: (call: Call) => void;
  readonly failed: (error: unknown) => void;
}

export async function startFaultProxy(etcd: string): Promise<FaultProxy> {
  const calls: Call[] = [];
  const rules = new Set<Rule>();
  const sockets = new Set<Socket>();
  const watches = new Set<() => void>();
  let isCutting = false;

  const forward = (call: Call): Promise<Answer> =>
    send(etcd, 'POST', call.path, {
      headers: { 'content-type': 'application/json', 'grpc-metadata-hasleader': 'true' },
      body: call.body,
    });
  const handle = async (call: Call): Promise<Answer | undefined> => {
    const rule = [...rules].find((each) => each.matches(call));
    if (rule === undefined) return forward(call);
    if (rule.isOnce) rules.delete(rule);
    try {
      const answer = await rule.fault(call, () => forward(call));
      rule.done(call);
      return answer;
    } catch (error) {
      rule.failed(error);
      return undefined;
    }
  };
  const pass = (req: http.IncomingMessage, res: http.ServerResponse): void => {
    const { hostname, port } = new URL(etcd);
    const { method, url, headers } = req;
    const upstream = http.request(
      { agent: false, hostname, port, method, path: url, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        res.flushHeaders();
        answer.pipe(res);
        answer.on('error', () => res.destroy());
      },
    );
    const end = (): void => {
      upstream.destroy();
      res.destroy();
      watches.delete(end);
    };
    watches.add(end);
    upstream.on('error', end);
    res.on('close', end);
    req.pipe(upstream);
  };
  const server = http.createServer((req, res) => {
    if (req.method !== 'POST' || req.url === '/v3/watch') {
      if (isCutting && req.url === '/v3/watch') req.destroy();
      else pass(req, res);
      return;
    }
    void read(req).then(async (call) => {
      calls.push(call);
      const answer = await handle(call).catch(() => undefined);
      if (answer === undefined) res.destroy();
      else res.writeHead(answer.status, headersOf(answer)).end(answer.bytes);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    next: (matches, fault) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          rules.delete(rule);
          reject(new Error(`no such request came: ${matches.toString()}`));
        }, FAULT_LIMIT_MS);
        const rule: Rule = {
          matches,
          fault,
          isOnce: true,
          done: (call) => {
            clearTimeout(limit);
            resolve(call);
          },
          failed: reject,
        };
        rules.add(rule);
      }),
    every(matches, fault) {
      const nothing = (): void => undefined;
      const rule: Rule = { matches, fault, isOnce: false, done: nothing, failed: nothing };
      rules.add(rule);
      return () => void rules.delete(rule);
    },
    resend: forward,
    cutWatches() {
      isCutting = true;
      for (const end of [...watches]) end();
      return () => (isCutting = false);
    },
    cutConnections() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const end of [...watches]) end();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function headersOf({ headers }: Answer): http.OutgoingHttpHeaders {
  const coding = headers['content-encoding'];
  return {
    'content-type': 'application/json',
    ...(coding !== undefined && { 'content-encoding': coding }),
  };
}

async function read(req: http.IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const path = req.url ?? '';
  const json = parse(body);
  return { kind: kindOf(path, json), path, body, keys: keysIn(json), lease: leaseIn(json) };
}

const KINDS: Readonly<Record<string, CallKind>> = {
  '/v3/lease/grant': 'grant',
  '/v3/lease/revoke': 'revoke',
  '/v3/lease/keepalive': 'keepalive',
  '/v3/lease/timetolive': 'timetolive',
  '/v3/kv/range': 'range',
};

function kindOf(path: string, json: any): CallKind {
  if (path !== '/v3/kv/txn') return KINDS[path] ?? 'other';
  const operations: any[] = json.success ?? [];
  if (operations.some((operation) => operation.request_delete_range)) return 'delete';
  const put = operations.find((operation) => operation.request_put)?.request_put;
  if (put === undefined) return 'read';
  return put.ignore_value === true ? 'update' : 'enter';
}

function keysIn(json: any): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) =>
    name === 'key' && typeof value === 'string'
      ? [Buffer.from(value, 'base64').toString()]
      : keysIn(value),
  );
}

function leaseIn(json: any): string | undefined {
  const put = json.success?.find((operation: any) => operation.request_put)?.request_put;
  const lease = json.ID ?? put?.lease;
  return lease === undefined ? undefined : BigInt(lease).toString(16).padStart(16, '0');
}

function parse(body: string): any {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
