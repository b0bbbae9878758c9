// Makes up sequences of requests: each in a directory of its own, on few names, so that its requests meet.
import type { Random } from '../harness/random.js';
import {
  makeChange,
  makeComparison,
  makeRefresh,
  makeRemoval,
  makeRequest,
  makeWait,
} from './requests.js';
import { makeTimed } from './timed.js';
import type { Earlier, Surroundings } from './parameters.js';
import { put } from './step.js';
import type { RequestStep, Sequence, Step } from './step.js';

const STEPS = [4, 24] as const;
const WAIT_SHARE = 0.1;
/** How often which kind is made. One in which nodes end takes seconds. */
const KINDS = { plain: 52, watched: 34, queue: 6, timed: 8 };
const REQUESTS = { any: 78, comparison: 16, refresh: 6 };
const CHANGES = { any: 55, removal: 23, comparison: 16, refresh: 6 };

/** Files that are there when the requests come. */
const BEGINNINGS = [
  [],
  ['a'],
  ['a/a', 'b'],
  ['a/a/a', 'a/b', 'a-b'],
  ['a/_h/a', '_h', 'b'],
] as const;

export function makeSequence(random: Random, root: string): Sequence {
  switch (random.weighted(KINDS)) {
    case 'plain':
      return makePlain(random, root);
    case 'watched':
      return makeWatched(random, root);
    case 'queue':
      return makeQueue(random, root);
    case 'timed':
      return makeTimed(random, root);
  }
}

function makePlain(random: Random, root: string): Sequence {
  const made = new Making(random, root);
  const hasWaits = random.chance(0.6);
  const count = random.whole(STEPS);
  made.begin();
  while (made.steps.length < count) {
    if (hasWaits && random.chance(WAIT_SHARE)) made.wait();
    else made.request();
  }
  return made.sequence();
}

/** Waits of every kind, changes that wake them or do not, and waits for what has happened. */
function makeWatched(random: Random, root: string): Sequence {
  const made = new Making(random, root);
  made.begin();
  for (let left = random.whole([2, 6]); left > 0; left--) made.wait();
  for (let left = random.whole([3, 10]); left > 0; left--) {
    made.change();
  }
  for (let left = random.whole([0, 3]); left > 0; left--) made.wait();
  return made.sequence();
}

/** Files in the order of their creation: how they are listed, taken, and waited for. */
function makeQueue(random: Random, root: string): Sequence {
  const made = new Making(random, root);
  const queue = `/v2/keys/${root}${random.pick(['', '/q', '/q', '/a/q'])}`;
  made.begin();
  made.waitFor(`${queue}?wait=true&recursive=true&stream=true`);
  for (let left = random.whole([4, 12]); left > 0; left--) {
    if (random.chance(0.55)) made.post(queue);
    else if (random.chance(0.4)) made.take();
    else made.get(`${queue}?${random.pick(['', 'recursive=true&'])}sorted=true`);
  }
  made.get(`${queue}?recursive=true&sorted=true`);
  return made.sequence();
}

class Making {
  readonly steps: Step[] = [];
  readonly #around: Surroundings & { readonly earlier: Earlier[]; readonly queued: number[] };

  constructor(random: Random, root: string) {
    this.#around = { random, root, earlier: [], queued: [] };
  }

  begin(): void {
    const { random, root } = this.#around;
    for (const path of random.pick(BEGINNINGS)) {
      const body = `value=${path.length % 2 === 0 ? 'one' : 'two'}`;
      this.#add(put(this.#id, `/v2/keys/${root}/${path}`, body));
    }
  }

  wait(): void {
    this.#add(makeWait(this.#around, this.#id));
  }

  waitFor(target: string): void {
    this.#add({ kind: 'wait', id: this.#id, target });
  }

  get(target: string): void {
    this.#add({ kind: 'request', id: this.#id, method: 'GET', target });
  }

  post(target: string): void {
    const { random } = this.#around;
    const body = random.pick(['value=one', 'value=two', 'value=', 'dir=true', 'value=one&ttl=500']);
    this.#add({ ...put(this.#id, target, body), method: 'POST' });
  }

  /** Removes a node that was put into a queue. */
  take(): void {
    const { random, queued } = this.#around;
    const key = queued.length === 0 ? '/nothing' : `{${random.pick(queued)}.key}`;
    const query = random.pick(['', '', '?dir=true', '?prevValue=one']);
    this.#add({
      kind: 'request',
      id: this.#id,
      method: 'DELETE',
      target: `/v2/keys${key}${query}`,
    });
  }

  request(): void {
    const make = { any: makeRequest, comparison: makeComparison, refresh: makeRefresh };
    this.#add(make[this.#around.random.weighted(REQUESTS)](this.#around, this.#id));
  }

  change(): void {
    const make = {
      any: makeChange,
      removal: makeRemoval,
      comparison: makeComparison,
      refresh: makeRefresh,
    };
    this.#add(make[this.#around.random.weighted(CHANGES)](this.#around, this.#id));
  }

  sequence(): Sequence {
    return { root: this.#around.root, steps: this.steps, isTimed: false };
  }

  get #id(): number {
    return this.steps.length + 1;
  }

  #add(step: Step): void {
    this.steps.push(step);
    if (step.kind !== 'request') return;
    const path = step.target.split('?', 1)[0] ?? '';
    this.#around.earlier.push({ id: step.id, path, value: valueIn(step) });
    if (step.method === 'POST') this.#around.queued.push(step.id);
  }
}

/** Of a file that the step makes, if it makes one. */
function valueIn({ method, target, body }: RequestStep): string | undefined {
  if (method !== 'PUT') return undefined;
  const query = target.slice(target.indexOf('?') + 1);
  const inQuery = target.includes('?') ? new URLSearchParams(query).get('value') : null;
  return new URLSearchParams(body).get('value') ?? inQuery ?? undefined;
}
