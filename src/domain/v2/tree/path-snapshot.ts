// A path at one revision of etcd: the node itself and every directory above it.
import type { Caller } from '../../../core/caller.js';
import { GatewayError } from '../../../core/errors.js';
import type { EtcdClient } from '../../../etcd/client.js';
import type {
  KeyValue,
  RangeRequest,
  RequestOp,
  ResponseHeader,
  ResponseOp,
} from '../../../etcd/wire.js';
import { v2Error } from '../errors.js';
import {
  ancestorsOf,
  countNames,
  expiryRecordKey,
  fileKey,
  internalRange,
  markerKey,
  rangeBelow,
} from './path.js';

/** The reads for a path of this many names fit into one transaction of etcd's default 128 operations. */
const NAMES_MAX = 60;
/** Enough to see the marker, the expiry record and whether there is any other key below the node. */
const KEYS_BELOW_READ = 3;

/** The keys of one path. Without any of them, the path is absent or a directory that exists only through the keys below it. */
export interface PathState {
  readonly path: string;
  readonly file: KeyValue | undefined;
  readonly marker: KeyValue | undefined;
  readonly expiryRecord: KeyValue | undefined;
  /** The caller has no right to read these keys. The path is then treated as a directory. */
  readonly isDenied: boolean;
}

export interface NodeState extends PathState {
  /** Without values, internal keys included. */
  readonly firstKeysBelow: readonly KeyValue[];
}

export interface PathSnapshot {
  readonly ancestors: readonly PathState[];
  readonly node: NodeState;
  readonly header: ResponseHeader;
}

export interface SnapshotDeps {
  readonly etcd: EtcdClient;
}

/** Returns the reads of a snapshot, in the order that `toPathSnapshot` expects of their responses. */
export function snapshotReads(path: string): RequestOp[] {
  if (countNames(path) > NAMES_MAX)
    throw v2Error('raftInternal', `a path of more than ${NAMES_MAX} names`);
  return [
    ...pathsWithKeys(path).flatMap((each) => pathStateReads(each)),
    read({ ...rangeBelow(path), limit: KEYS_BELOW_READ, keysOnly: true }),
  ];
}

/** Returns the path and its ancestors. The root has no keys and always exists. */
function pathsWithKeys(path: string): string[] {
  return path === '' ? [] : [...ancestorsOf(path), path];
}

function pathStateReads(path: string): RequestOp[] {
  return [read({ key: fileKey(path) }), read(internalRange(path))];
}

function read(range: RangeRequest): RequestOp {
  return { kind: 'range', range };
}

export function toPathSnapshot(
  path: string,
  header: ResponseHeader,
  responses: readonly ResponseOp[],
): PathSnapshot {
  const results = responses.map(keyValuesOf);
  const states = pathsWithKeys(path).map((each, index) =>
    toPathState(each, results[2 * index] ?? [], results[2 * index + 1] ?? []),
  );
  const node = {
    ...(states.pop() ?? toPathState(path, [], [])),
    firstKeysBelow: results.at(-1) ?? [],
  };
  return { ancestors: states, node, header };
}

function keyValuesOf(response: ResponseOp): readonly KeyValue[] {
  return response.kind === 'range' ? response.range.kvs : [];
}

function toPathState(
  path: string,
  files: readonly KeyValue[],
  internalKeys: readonly KeyValue[],
): PathState {
  const find = (key: Buffer) => internalKeys.find((kv) => kv.key.equals(key));
  return {
    path,
    file: files[0],
    marker: find(markerKey(path)),
    expiryRecord: find(expiryRecordKey(path)),
    isDenied: false,
  };
}

/**
 * Like `readPathSnapshot`, for requests that only read. Rights to `/app/` do not include the key `/app`. A caller with such rights reads
 * `/app` as a directory, as it does the directories above. Throws `permission-denied` if no key is below the node.
 */
export async function readVisibleSnapshot(
  caller: Caller,
  deps: SnapshotDeps,
  path: string,
): Promise<PathSnapshot> {
  try {
    return await readPathSnapshot(caller, deps, path);
  } catch (error) {
    if (!isDenial(error) || path === '') throw error;
    const snapshot = await readSeparately(caller, deps, path, { isFileDenied: true });
    if (snapshot.node.firstKeysBelow.length === 0) throw error;
    return snapshot;
  }
}

/** Reads all states at one revision. Marks ancestors that the caller may not read. Throws `permission-denied` for the node itself. */
export async function readPathSnapshot(
  caller: Caller,
  deps: SnapshotDeps,
  path: string,
): Promise<PathSnapshot> {
  try {
    const success = snapshotReads(path);
    const response = await deps.etcd.txn(caller, { compare: [], success, failure: [] });
    return toPathSnapshot(path, response.header, response.responses);
  } catch (error) {
    if (!isDenial(error) || path === '') throw error;
    return readSeparately(caller, deps, path);
  }
}

/** Reads each ancestor with its own request. Users often have rights from a certain directory downwards and none above it. */
async function readSeparately(
  caller: Caller,
  deps: SnapshotDeps,
  path: string,
  { isFileDenied = false } = {},
): Promise<PathSnapshot> {
  const success = snapshotReads(path).slice(2 * ancestorsOf(path).length + (isFileDenied ? 1 : 0));
  const { header, responses } = await deps.etcd.txn(caller, { compare: [], success, failure: [] });
  const { revision } = header;
  const ancestors = await Promise.all(
    ancestorsOf(path).map(async (ancestor) => {
      const files = await readIfAllowed(caller, deps, { key: fileKey(ancestor), revision });
      const internalKeys = await readIfAllowed(caller, deps, {
        ...internalRange(ancestor),
        revision,
      });
      const isDenied = files === undefined || internalKeys === undefined;
      return { ...toPathState(ancestor, files ?? [], internalKeys ?? []), isDenied };
    }),
  );
  const results = responses.map(keyValuesOf);
  const [files = [], internalKeys = [], firstKeysBelow = []] = isFileDenied
    ? [[], ...results]
    : results;
  const state = toPathState(path, files, internalKeys);
  return { ancestors, node: { ...state, isDenied: isFileDenied, firstKeysBelow }, header };
}

async function readIfAllowed(
  caller: Caller,
  deps: SnapshotDeps,
  range: RangeRequest,
): Promise<readonly KeyValue[] | undefined> {
  try {
    return (await deps.etcd.range(caller, range)).kvs;
  } catch (error) {
    if (isDenial(error)) return undefined;
    throw error;
  }
}

export function isDenial(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'permission-denied';
}

/** Returns whether the directory's ttl has expired, even if keys are still below it. */
export function isExpired({ marker, expiryRecord, file }: PathState): boolean {
  return file === undefined && marker === undefined && expiryRecord !== undefined;
}

/** Returns the topmost expired directory. */
export function findExpired({ ancestors, node }: PathSnapshot): PathState | undefined {
  return [...ancestors, node].find(isExpired);
}

/** Returns whether the node is a directory, created through the v2 API or by keys below it. */
export function isDirectory(node: NodeState): boolean {
  if (node.path === '') return true;
  return node.file === undefined && !isExpired(node) && node.firstKeysBelow.length > 0;
}

/** Returns whether anything but the node's own internal keys is below it. */
export function hasChildren({ path, firstKeysBelow }: NodeState): boolean {
  const own = [markerKey(path), expiryRecordKey(path)];
  return firstKeysBelow.some(({ key }) => !own.some((each) => each.equals(key)));
}

/**
 * Returns the topmost path of the snapshot that does not exist, which is what v2 errors name. Reads again if an ancestor has no marker,
 * because keys below may still make it a directory.
 */
export async function findFirstMissing(
  caller: Caller,
  deps: SnapshotDeps,
  { ancestors, node, header }: PathSnapshot,
): Promise<string> {
  const unmarked = ancestors.filter(
    ({ marker, expiryRecord, isDenied }) => (marker ?? expiryRecord) === undefined && !isDenied,
  );
  if (unmarked.length === 0) return node.path;
  const { responses } = await deps.etcd.txn(caller, {
    compare: [],
    success: unmarked.map(({ path }) =>
      read({ ...rangeBelow(path), limit: 1, keysOnly: true, revision: header.revision }),
    ),
    failure: [],
  });
  const index = responses.findIndex(
    (response) => response.kind === 'range' && response.range.kvs.length === 0,
  );
  return unmarked[index]?.path ?? node.path;
}
