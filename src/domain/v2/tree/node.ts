// Files and directories as v2 clients see them, made of etcd's keys. Pure.
import type { KeyValue } from '../../../etcd/wire.js';

/** When a node ends, told twice, as v2 tells it. */
export interface Lifetime {
  /** Wall clock, milliseconds. */
  readonly expiresAt: number;
  /** Seconds from when it was looked at, rounded up. */
  readonly ttl: number;
}

export interface V2Node {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Of a file that is there. */
  readonly value?: Buffer | undefined;
  readonly lifetime?: Lifetime | undefined;
  /** Of a directory that was listed. */
  readonly nodes?: readonly V2Node[] | undefined;
  readonly modifiedIndex: number;
  readonly createdIndex: number;
}

export type V2Action =
  'get' | 'create' | 'set' | 'update' | 'delete' | 'compareAndSwap' | 'compareAndDelete' | 'expire';

export interface V2Event {
  readonly action: V2Action;
  readonly node: V2Node;
  readonly prevNode?: V2Node | undefined;
  /** Changes nothing but the time to live: no watcher is told. */
  readonly isRefresh?: boolean;
}

/** `atMs`: the moment from which the ttl is counted; now by default. */
export type LifetimeOf = (lease: string, atMs?: number) => Lifetime | undefined;

export function fileNode(
  path: string,
  kv: KeyValue,
  lifetimeOf: LifetimeOf,
  atMs?: number,
): V2Node {
  return {
    path,
    isDirectory: false,
    value: kv.value,
    lifetime: kv.lease === undefined ? undefined : lifetimeOf(kv.lease, atMs),
    modifiedIndex: kv.modRevision,
    createdIndex: kv.createRevision,
  };
}

/**
 * `kv` is the directory's marker, or where it has none the first key below it. In v2 a directory is modified by nothing but its
 * creation, so that both indexes are one.
 */
export function directoryNode(path: string, kv: KeyValue, lifetime: Lifetime | undefined): V2Node {
  const { createRevision } = kv;
  return {
    path,
    isDirectory: true,
    lifetime,
    modifiedIndex: createRevision,
    createdIndex: createRevision,
  };
}
