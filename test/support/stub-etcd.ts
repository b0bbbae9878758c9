// An EtcdClient for unit tests. It records each call and returns the given responses. Any other RPC fails the test.
import type { EtcdClient } from '../../src/etcd/client.js';

type Rpc = keyof EtcdClient;

export interface RecordedCall {
  readonly rpc: Rpc;
  /** The arguments without the caller. */
  readonly args: readonly unknown[];
}

export interface StubEtcd {
  readonly etcd: EtcdClient;
  readonly calls: readonly RecordedCall[];
}

/** The functions in `responses` receive the arguments of the RPC without the caller. */
export function stubEtcd(responses: Partial<Record<Rpc, (...args: any[]) => unknown>>): StubEtcd {
  const asked: RecordedCall[] = [];
  const etcd = new Proxy({} as EtcdClient, {
    get:
      (_, rpc: Rpc) =>
      (_caller: unknown, ...args: unknown[]) => {
        asked.push({ rpc, args });
        const respond = responses[rpc] ?? unexpected(rpc);
        return Promise.resolve().then(() => respond(...args));
      },
  });
  return { etcd, calls: asked };
}

function unexpected(rpc: Rpc): () => never {
  return () => {
    throw new Error(`unexpected call of ${rpc}`);
  };
}

export const HEADER = { clusterId: 'c', memberId: 'm', revision: 100, raftTerm: 2 };
