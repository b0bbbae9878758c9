// Compares two responses to one step. Indexes are replaced by their order, and times are equal within a tolerance. Everything else has to be
// equal, except for the documented differences.
import type { IncomingHttpHeaders } from 'node:http';
import { IndexOrder } from './index-order.js';
import type { StepResponse } from './player.js';
import type { Sequence, Step } from './step.js';

/** Both servers get a request at the same time, on a machine that may be busy. */
const TIME_TOLERANCE_MS = 10_000;
const TTL_TOLERANCE_SECONDS = 10;

/** Headers that belong to the connection or the framing. */
const IGNORED_HEADERS = ['date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'];
/** Headers that the gateway adds to every API. */
const GATEWAY_HEADERS = [
  'x-request-id',
  'content-security-policy',
  'cross-origin-resource-policy',
  'x-content-type-options',
  'x-accel-buffering',
  'cache-control',
];
/** etcd allows every origin. The gateway has a setting for it. */
const ETCD_HEADERS = [
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
];
/** Headers with other numbers in another cluster. */
const CLUSTER_HEADERS = ['x-etcd-cluster-id', 'x-raft-index', 'x-raft-term'];

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

/** Compares the responses of both servers to one sequence. */
export class ResponseComparison {
  readonly #isExact: boolean;
  readonly #orders: readonly [IndexOrder, IndexOrder];
  /** Replaced files. They get a new createdIndex in etcd's v2 store and keep it in v3. */
  readonly #replaced = new Set<string>();

  constructor(
    sequence: Sequence,
    etcd: ReadonlyMap<number, StepResponse>,
    gateway: ReadonlyMap<number, StepResponse>,
  ) {
    this.#isExact = !sequence.isTimed;
    this.#orders = [new IndexOrder(etcd.values()), new IndexOrder(gateway.values())];
    for (const { id, target } of sequence.steps)
      for (const body of bodiesOf(etcd.get(id)?.text ?? '') ?? []) {
        if (body.action !== 'set') continue;
        if (body.prevNode !== undefined) this.#replaced.add(body.node?.key ?? '');
        // With noValueOnSuccess, only the status shows that a node existed before.
        if (body.node === undefined && etcd.get(id)?.status === 200)
          this.#replaced.add(keyIn(target));
      }
  }

  /** Describes the first difference. Returns `undefined` if there is none. */
  difference(step: Step, etcd: StepResponse, gateway: StepResponse): string | undefined {
    // The length of the history differs between stores.
    if (etcd.text.includes('"errorCode":401')) return undefined;
    if (etcd.status !== gateway.status) return 'status';
    const headers = this.#headerDifference(etcd.headers, gateway.headers);
    if (headers !== undefined) return headers;
    if (etcd.isEnded !== gateway.isEnded) return 'whether the response has ended';
    const compared = isSilent(etcd) ? { ...gateway, text: firstLineOf(gateway.text) } : gateway;
    return this.#bodyDifference(etcd, compared, isSorted(step, etcd));
  }

  #headerDifference(etcd: IncomingHttpHeaders, gateway: IncomingHttpHeaders): string | undefined {
    const names = new Set([...Object.keys(etcd), ...Object.keys(gateway)]);
    return [...names].find((name) => {
      if (IGNORED_HEADERS.includes(name) || ETCD_HEADERS.includes(name)) return false;
      const [expected, actual] = [etcd[name], gateway[name]];
      if (expected === undefined) return !GATEWAY_HEADERS.includes(name);
      if (actual === undefined) return true;
      if (CLUSTER_HEADERS.includes(name)) return !/^[0-9a-f]+$/.test(String(actual));
      if (name === 'x-etcd-index')
        return this.#index(0, String(expected)) !== this.#index(1, String(actual));
      return this.#text(0, String(expected)) !== this.#text(1, String(actual));
    });
  }

  #bodyDifference(
    etcd: StepResponse,
    gateway: StepResponse,
    isInOrder: boolean,
  ): string | undefined {
    const [expected, actual] = [bodiesOf(etcd.text), bodiesOf(gateway.text)];
    if (expected === undefined || actual === undefined)
      return this.#text(0, etcd.text) === this.#text(1, gateway.text) ? undefined : 'body';
    // This includes escapes, the order of fields and newlines.
    if (isInOrder && skeletonOf(etcd.text) !== skeletonOf(gateway.text)) return 'body';
    if (expected.length !== actual.length) return 'number of events';
    const isSame = expected.every((body, at) => this.#isSameBody(body, actual[at] ?? {}));
    return isSame ? undefined : 'body';
  }

  #isSameBody(expected: Body, actual: Body): boolean {
    return (
      this.#isSameNode(expected.node, actual.node) &&
      this.#isSameNode(expected.prevNode, actual.prevNode) &&
      this.#rest(0, expected) === this.#rest(1, actual)
    );
  }

  #isSameNode(expected: Node | undefined, actual: Node | undefined): boolean {
    if (expected === undefined || actual === undefined) return expected === actual;
    const [nodes = [], others = []] = [expected.nodes, actual.nodes].map(sorted);
    return (
      this.#nodeText(0, expected) === this.#nodeText(1, actual) &&
      this.#isSameCreation(expected, actual) &&
      isNear(expected, actual) &&
      nodes.length === others.length &&
      nodes.every((node, at) => this.#isSameNode(node, others[at]))
    );
  }

  #isSameCreation(expected: Node, actual: Node): boolean {
    const [created, kept] = [
      this.#index(0, expected.createdIndex),
      this.#index(1, actual.createdIndex),
    ];
    if (created === kept) return true;
    const isOlder =
      Number(kept.slice(1).replace('+', '')) <= Number(created.slice(1).replace('+', ''));
    return isOlder && expected.dir !== true && this.#replaced.has(expected.key ?? '');
  }

  /** Returns a node without its nodes, times and createdIndex. */
  #nodeText(player: 0 | 1, node: Node): string {
    const modifiedIndex = this.#index(player, node.modifiedIndex);
    const aside = { nodes: undefined, ttl: undefined, createdIndex: undefined };
    const expiration = node.expiration && 'some';
    return this.#text(player, JSON.stringify({ ...node, ...aside, modifiedIndex, expiration }));
  }

  /** Returns an event or an error without its nodes. */
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

  /** Replaces indexes in texts: in names of in-order keys, in causes of failed comparisons, and in queries. */
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

/** Returns whether the stream started with a past event. etcd sends only this event and then nothing more. */
function isSilent(response: StepResponse): boolean {
  return response.isEnded === false && pastEvent(response) !== undefined;
}

/** Returns the first event of a wait if it happened before the wait started. */
function pastEvent({ isEnded, headers, text }: StepResponse): Body | undefined {
  const first = isEnded === undefined ? undefined : bodiesOf(text)?.[0];
  const isPast = Number(first?.node?.modifiedIndex) <= Number(headers['x-etcd-index']);
  return isPast ? first : undefined;
}

/** Returns whether the order of nodes is defined. Otherwise the texts are compared without them. */
function isSorted({ target }: Step, { text }: StepResponse): boolean {
  // etcd reads the first of several values.
  const first = new URLSearchParams(target.split('?')[1]).get('sorted') ?? '';
  return !text.includes('"nodes":') || ['true', '1', 't', 'T', 'TRUE', 'True'].includes(first);
}

function firstLineOf(text: string): string {
  return text.slice(0, text.indexOf('\n') + 1);
}

/** Returns one body for each line, or `undefined` if the text is not JSON. */
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

/** Returns the key of a request with a clean path. */
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

function isNear(expected: Node, actual: Node): boolean {
  const [etcdTime, gatewayTime] = [expected.expiration, actual.expiration].map((text = '') =>
    Date.parse(text),
  );
  const isTimeNear =
    expected.expiration === undefined || Math.abs(etcdTime! - gatewayTime!) <= TIME_TOLERANCE_MS;
  return isTimeNear && Math.abs((expected.ttl ?? 0) - (actual.ttl ?? 0)) <= TTL_TOLERANCE_SECONDS;
}
