// A path as one moment of etcd shows it: the node itself, and every directory on the way down to it.
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
  endingKey,
  fileKey,
  insideOf,
  markerKey,
  oursOf,
} from './path.js';

/** Names of a path whose keys fit into one transaction of etcd's usual 128 operations. */
const NAMES_MAX = 60;
/** What is read below the node: its marker, the ending beside it, and whatever else there is. */
const INSIDE_KEYS = 3;

/** What stands at one path. All absent: nothing, or a directory that only the keys below it make. */
export interface Place {
  readonly path: string;
  readonly file: KeyValue | undefined;
  readonly marker: KeyValue | undefined;
  readonly ending: KeyValue | undefined;
  /** The caller may not look: a directory as far as he is concerned. */
  readonly isDenied: boolean;
}

export interface NodePlace extends Place {
  /** The first keys below, without values; ours are among them. */
  readonly inside: readonly KeyValue[];
}

export interface Chain {
  readonly ancestors: readonly Place[];
  readonly node: NodePlace;
  readonly header: ResponseHeader;
}

export interface ChainDeps {
  readonly etcd: EtcdClient;
}

/** The reads that make a chain, in the order in which `chainOf` takes their answers. */
export function readsOf(path: string): RequestOp[] {
  if (countNames(path) > NAMES_MAX)
    throw v2Error('raftInternal', `a path of more than ${NAMES_MAX} names`);
  return [
    ...placesOn(path).flatMap((place) => readsOfPlace(place)),
    read({ ...insideOf(path), limit: INSIDE_KEYS, keysOnly: true }),
  ];
}

/** The root is no place: it has no keys, and is always there. */
function placesOn(path: string): string[] {
  return path === '' ? [] : [...ancestorsOf(path), path];
}

function readsOfPlace(path: string): RequestOp[] {
  return [read({ key: fileKey(path) }), read(oursOf(path))];
}

function read(range: RangeRequest): RequestOp {
  return { kind: 'range', range };
}

export function chainOf(
  path: string,
  header: ResponseHeader,
  responses: readonly ResponseOp[],
): Chain {
  const answers = responses.map((response) =>
    response.kind === 'range' ? response.range.kvs : [],
  );
  const places = placesOn(path).map((place, index) =>
    placeOf(place, answers[2 * index] ?? [], answers[2 * index + 1] ?? []),
  );
  const node = { ...(places.pop() ?? placeOf(path, [], [])), inside: answers.at(-1) ?? [] };
  return { ancestors: places, node, header };
}

function placeOf(path: string, files: readonly KeyValue[], ours: readonly KeyValue[]): Place {
  const isAt = (key: Buffer) => (kv: KeyValue) => kv.key.equals(key);
  return {
    path,
    file: files[0],
    marker: ours.find(isAt(markerKey(path))),
    ending: ours.find(isAt(endingKey(path))),
    isDenied: false,
  };
}

/**
 * As `readChain`, for who only looks: the directory of one who may look at all below it and not at the key of its own name (rights to
 * `/app/` do not reach the key `/app`) is a directory, as those above it are. Where nothing is below, nobody can say: `permission-denied`.
 */
export async function readChainToLook(
  caller: Caller,
  deps: ChainDeps,
  path: string,
): Promise<Chain> {
  try {
    return await readChain(caller, deps, path);
  } catch (error) {
    if (!isDenial(error) || path === '') throw error;
    const chain = await readApart(caller, deps, path, { isFileDenied: true });
    if (chain.node.inside.length === 0) throw error;
    return chain;
  }
}

/** Reads the chain at one revision; of ancestors that the caller may not look at it knows nothing. Throws `permission-denied` for the node. */
export async function readChain(caller: Caller, deps: ChainDeps, path: string): Promise<Chain> {
  try {
    return await readTogether(caller, deps, path, readsOf(path));
  } catch (error) {
    if (!isDenial(error) || path === '') throw error;
    return readApart(caller, deps, path);
  }
}

async function readTogether(
  caller: Caller,
  deps: ChainDeps,
  path: string,
  success: readonly RequestOp[],
): Promise<Chain> {
  const answer = await deps.etcd.txn(caller, { compare: [], success, failure: [] });
  return chainOf(path, answer.header, answer.responses);
}

/** Users often have rights from some directory on: what is above it is asked for piece by piece. */
async function readApart(
  caller: Caller,
  deps: ChainDeps,
  path: string,
  { isFileDenied = false } = {},
): Promise<Chain> {
  const own = readsOf(path).slice(2 * ancestorsOf(path).length + (isFileDenied ? 1 : 0));
  const answer = await deps.etcd.txn(caller, { compare: [], success: own, failure: [] });
  const { revision } = answer.header;
  const ancestors = await Promise.all(
    ancestorsOf(path).map(async (ancestor) => {
      const files = await readIfAllowed(caller, deps, { key: fileKey(ancestor), revision });
      const ours = await readIfAllowed(caller, deps, { ...oursOf(ancestor), revision });
      return files === undefined || ours === undefined
        ? { ...placeOf(ancestor, files ?? [], ours ?? []), isDenied: true }
        : placeOf(ancestor, files, ours);
    }),
  );
  const found = answer.responses.map((response) =>
    response.kind === 'range' ? response.range.kvs : [],
  );
  const [files = [], ours = [], inside = []] = isFileDenied ? [[], ...found] : found;
  const node = { ...placeOf(path, files, ours), isDenied: isFileDenied, inside };
  return { ancestors, node, header: answer.header };
}

async function readIfAllowed(
  caller: Caller,
  deps: ChainDeps,
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

/** Its ttl is over, whatever is still below. */
export function isOver({ marker, ending, file }: Place): boolean {
  return file === undefined && marker === undefined && ending !== undefined;
}

/** The topmost directory of the chain whose ttl is over. */
export function overIn({ ancestors, node }: Chain): Place | undefined {
  return [...ancestors, node].find(isOver);
}

/** The node is a directory, made by v2 or by the keys below it. */
export function isDirectory(node: NodePlace): boolean {
  if (node.path === '') return true;
  return node.file === undefined && !isOver(node) && node.inside.length > 0;
}

/** What is below the node besides the keys of ours that belong to it. */
export function hasChildren({ path, inside }: NodePlace): boolean {
  const own = [markerKey(path), endingKey(path)];
  return inside.some(({ key }) => !own.some((each) => each.equals(key)));
}

/** The first place of the chain where nothing is: what v2 says it did not find. Reads once more when the markers do not tell. */
export async function firstMissing(
  caller: Caller,
  deps: ChainDeps,
  { ancestors, node, header }: Chain,
): Promise<string> {
  const unsure = ancestors.filter(
    ({ marker, ending, isDenied }) => (marker ?? ending) === undefined && !isDenied,
  );
  if (unsure.length === 0) return node.path;
  const answer = await deps.etcd.txn(caller, {
    compare: [],
    success: unsure.map(({ path }) =>
      read({ ...insideOf(path), limit: 1, keysOnly: true, revision: header.revision }),
    ),
    failure: [],
  });
  const index = answer.responses.findIndex(
    (response) => response.kind === 'range' && response.range.kvs.length === 0,
  );
  return unsure[index]?.path ?? node.path;
}
