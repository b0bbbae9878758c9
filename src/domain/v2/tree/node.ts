// The nodes and events of the v2 tree, and how keys of etcd become nodes. Pure.
import type { KeyValue } from '../../../etcd/wire.js';

/** The v2 API states the expiration of a node in two forms. */
export interface Expiration {
  /** Wall clock, milliseconds. */
  readonly expiresAt: number;
  /** Seconds left when the node was read, rounded up. */
  readonly ttl: number;
}

export interface V2Node {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Absent for directories and deleted files. */
  readonly value?: Buffer | undefined;
  readonly expiration?: Expiration | undefined;
  /** Present only in listings of a directory. */
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
  /** True for a change of the ttl alone, which no watcher receives. */
  readonly isRefresh?: boolean;
}

/** `atMs` is the time at which the remaining ttl is computed, by default now. */
export type ExpirationOfLease = (lease: string, atMs?: number) => Expiration | undefined;

export function fileNode(
  path: string,
  kv: KeyValue,
  expirationOf: ExpirationOfLease,
  atMs?: number,
): V2Node {
  return {
    path,
    isDirectory: false,
    value: kv.value,
    expiration: kv.lease === undefined ? undefined : expirationOf(kv.lease, atMs),
    modifiedIndex: kv.modRevision,
    createdIndex: kv.createRevision,
  };
}

/**
 * `kv` is the directory's marker or, without one, the first key below it. In the v2 API only the creation modifies a directory. Therefore
 * both indexes are equal.
 */
export function directoryNode(
  path: string,
  kv: KeyValue,
  expiration: Expiration | undefined,
): V2Node {
  const { createRevision } = kv;
  return {
    path,
    isDirectory: true,
    expiration,
    modifiedIndex: createRevision,
    createdIndex: createRevision,
  };
}
