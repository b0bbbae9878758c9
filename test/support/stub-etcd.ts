// An EtcdClient for unit tests: the RPCs that a test names, with what was asked of each; every other one fails the test.
import type { EtcdClient } from '../../src/etcd/client.js';

type Rpc = keyof EtcdClient;

export interface Asked {
  readonly rpc: Rpc;
  /** Without the caller. */
  readonly args: readonly unknown[];
}

export interface StubEtcd {
  readonly etcd: EtcdClient;
  readonly asked: readonly Asked[];
}

/** `answers` get what the RPC was called with behind the caller. */
export function stubEtcd(answers: Partial<Record<Rpc, (...args: any[]) => unknown>>): StubEtcd {
  const asked: Asked[] = [];
  const etcd = new Proxy({} as EtcdClient, {
    get:
      (_, rpc: Rpc) =>
      (_caller: unknown, ...args: unknown[]) => {
        asked.push({ rpc, args });
        const answer = answers[rpc] ?? unexpected(rpc);
        return Promise.resolve().then(() => answer(...args));
      },
  });
  return { etcd, asked };
}

function unexpected(rpc: Rpc): () => never {
  return () => {
    throw new Error(`nobody expected a call of ${rpc}`);
  };
}

export const HEADER = { clusterId: 'c', memberId: 'm', revision: 100, raftTerm: 2 };
