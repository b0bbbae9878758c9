// Compares two answers to one step. Indexes are named by their order, moments are equal within a tolerance; all else is equal, but for
// what the README says differs.
import type { IncomingHttpHeaders } from 'node:http';
import { IndexOrder } from './index-order.js';
import type { Told } from './player.js';
import type { Sequence, Step } from './step.js';

/** Both doors get a request at the same time, on a machine that may be busy. */
const MOMENT_TOLERANCE_MS = 10_000;
const TTL_TOLERANCE_SECONDS = 10;

/** Headers of connections and of framing, and those of a message rather than of an answer. */
const HEADERS_ASIDE = ['date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'];
/** What the gateway adds at every door. */
const HEADERS_OF_OURS = [
  'x-request-id',
  'content-security-policy',
  'cross-origin-resource-policy',
  'x-content-type-options',
  'x-accel-buffering',
  'cache-control',
];
/** What etcd tells browsers: everybody may. The gateway asks its settings. */
const HEADERS_OF_THEIRS = [
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
];
/** Other numbers in another cluster. */
const HEADERS_UNEQUAL = ['x-etcd-cluster-id', 'x-raft-index', 'x-raft-term'];

interface Node {
  key?: string;
  dir?: boolean;
  expiration?: string;
  ttl?: number;
  nodes?: Node[];
  modifiedIndex?: number | string;
  createdIndex?: number | string;
}

interface Body {
  action?: string;
  node?: Node;
  prevNode?: Node;
  index?: number | string;
  cause?: string;
}

/** All that two doors told of one sequence. */
export class AnswerComparison {
  readonly #isExact: boolean;
  readonly #orders: readonly [IndexOrder, IndexOrder];
  /** Files that were replaced: etcd creates them anew, v3 does not. */
  readonly #replaced = new Set<string>();

  constructor(
    sequence: Sequence,
    etcd: ReadonlyMap<number, Told>,
    door: ReadonlyMap<number, Told>,
  ) {
    this.#isExact = !sequence.isTimed;
    this.#orders = [new IndexOrder(etcd.values()), new IndexOrder(door.values())];
    for (const { id, target } of sequence.steps)
      for (const body of bodiesOf(etcd.get(id)?.text ?? '') ?? []) {
        if (body.action !== 'set') continue;
        if (body.prevNode !== undefined) this.#replaced.add(body.node?.key ?? '');
        // With noValueOnSuccess the status alone tells of a node before.
        if (body.node === undefined && etcd.get(id)?.status === 200)
          this.#replaced.add(keyIn(target));
      }
  }

  /** What differs, in words; `undefined`: nothing. */
  difference(step: Step, etcd: Told, door: Told): string | undefined {
    // How far back its history reaches is each store's own.
    if (etcd.text.includes('"errorCode":401')) return undefined;
    if (etcd.status !== door.status) return 'status';
    const headers = this.#headerDifference(etcd.headers, door.headers);
    if (headers !== undefined) return headers;
    if (etcd.isEnded !== door.isEnded) return 'whether the answer is over';
    const told = isSilent(etcd) ? { ...door, text: firstLineOf(door.text) } : door;
    return this.#bodyDifference(etcd, told, isSorted(step, etcd));
  }

  #headerDifference(etcd: IncomingHttpHeaders, door: IncomingHttpHeaders): string | undefined {
    const names = new Set([...Object.keys(etcd), ...Object.keys(door)]);
    return [...names].find((name) => {
      if (HEADERS_ASIDE.includes(name) || HEADERS_OF_THEIRS.includes(name)) return false;
      const [theirs, ours] = [etcd[name], door[name]];
      if (theirs === undefined) return !HEADERS_OF_OURS.includes(name);
      if (ours === undefined) return true;
      if (HEADERS_UNEQUAL.includes(name)) return !/^[0-9a-f]+$/.test(String(ours));
      if (name === 'x-etcd-index')
        return this.#index(0, String(theirs)) !== this.#index(1, String(ours));
      return this.#text(0, String(theirs)) !== this.#text(1, String(ours));
    });
  }

  #bodyDifference(etcd: Told, door: Told, isInOrder: boolean): string | undefined {
    const [theirs, ours] = [bodiesOf(etcd.text), bodiesOf(door.text)];
    if (theirs === undefined || ours === undefined)
      return this.#text(0, etcd.text) === this.#text(1, door.text) ? undefined : 'body';
    // Spelling: escapes, the order of fields, newlines.
    if (isInOrder && skeletonOf(etcd.text) !== skeletonOf(door.text)) return 'body';
    if (theirs.length !== ours.length) return 'number of events';
    const isSame = theirs.every((body, at) => this.#isSameBody(body, ours[at] ?? {}));
    return isSame ? undefined : 'body';
  }

  #isSameBody(theirs: Body, ours: Body): boolean {
    return (
      this.#isSameNode(theirs.node, ours.node) &&
      this.#isSameNode(theirs.prevNode, ours.prevNode) &&
      this.#rest(0, theirs) === this.#rest(1, ours)
    );
  }

  #isSameNode(theirs: Node | undefined, ours: Node | undefined): boolean {
    if (theirs === undefined || ours === undefined) return theirs === ours;
    const [nodes = [], others = []] = [theirs.nodes, ours.nodes].map(sorted);
    return (
      this.#nodeText(0, theirs) === this.#nodeText(1, ours) &&
      this.#isSameCreation(theirs, ours) &&
      isNear(theirs, ours) &&
      nodes.length === others.length &&
      nodes.every((node, at) => this.#isSameNode(node, others[at]))
    );
  }

  #isSameCreation(theirs: Node, ours: Node): boolean {
    const [created, kept] = [
      this.#index(0, theirs.createdIndex),
      this.#index(1, ours.createdIndex),
    ];
    if (created === kept) return true;
    const isOlder =
      Number(kept.slice(1).replace('+', '')) <= Number(created.slice(1).replace('+', ''));
    return isOlder && theirs.dir !== true && this.#replaced.has(theirs.key ?? '');
  }

  /** What is left of a node without nodes, moments and creation. */
  #nodeText(player: 0 | 1, node: Node): string {
    const modifiedIndex = this.#index(player, node.modifiedIndex);
    const aside = { nodes: undefined, ttl: undefined, createdIndex: undefined };
    const expiration = node.expiration && 'some';
    return this.#text(player, JSON.stringify({ ...node, ...aside, modifiedIndex, expiration }));
  }

  /** Of an event or an error, what is no node. */
  #rest(player: 0 | 1, body: Body): string {
    const index = this.#index(player, body.index);
    return this.#text(
      player,
      JSON.stringify({ ...body, node: undefined, prevNode: undefined, index }),
    );
  }

  #index(player: 0 | 1, index: number | string | undefined): string {
    return index === undefined ? '' : this.#orders[player].name(index, this.#isExact);
  }

  /** Text in which indexes stand: names of in-order keys, what a comparison failed with, and what was asked for. */
  #text(player: 0 | 1, text: string): string {
    const name = (index: string): string => this.#index(player, index);
    return text
      .replace(/\d{20}/g, name)
      .replace(/(?<=Index=)\d+/g, name)
      .replace(
        /\[(\d+) != (\d+)\]/g,
        (_, asked: string, found: string) => `[${name(asked)} != ${name(found)}]`,
      );
  }
}

/** A stream that began in the past: etcd tells its first event, and then nothing more. */
function isSilent(told: Told): boolean {
  return told.isEnded === false && pastEvent(told) !== undefined;
}

/** What a wait was told first, when it had happened before it began. */
function pastEvent({ isEnded, headers, text }: Told): Body | undefined {
  const first = isEnded === undefined ? undefined : bodiesOf(text)?.[0];
  const isPast = Number(first?.node?.modifiedIndex) <= Number(headers['x-etcd-index']);
  return isPast ? first : undefined;
}

/** Where nodes may come in any order, spelling is compared without them. */
function isSorted({ target }: Step, { text }: Told): boolean {
  // etcd reads the first of several values.
  const first = new URLSearchParams(target.split('?')[1]).get('sorted') ?? '';
  return !text.includes('"nodes":') || ['true', '1', 't', 'T', 'TRUE', 'True'].includes(first);
}

function firstLineOf(text: string): string {
  return text.slice(0, text.indexOf('\n') + 1);
}

/** One for each line; `undefined`: it is no JSON. */
function bodiesOf(text: string): Body[] | undefined {
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Body);
  } catch {
    return undefined;
  }
}

/** Of a request whose path is plain. */
function keyIn(target: string): string {
  return decodeURIComponent(new URL(target, 'http://any').pathname)
    .replace('/v2/keys', '')
    .replace(/\/$/, '');
}

function skeletonOf(text: string): string {
  return text.replace(/"expiration":"[^"]*"/g, '"expiration":""').replace(/\d+/g, '#');
}

function sorted(nodes: Node[] = []): Node[] {
  return [...nodes].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
}

function isNear(theirs: Node, ours: Node): boolean {
  const [ends, end] = [theirs.expiration, ours.expiration].map((text = '') => Date.parse(text));
  const areMoments =
    theirs.expiration === undefined || Math.abs(ends! - end!) <= MOMENT_TOLERANCE_MS;
  return areMoments && Math.abs((theirs.ttl ?? 0) - (ours.ttl ?? 0)) <= TTL_TOLERANCE_SECONDS;
}
