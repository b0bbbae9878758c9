// Generates sequences of requests. Each has its own directory and few names, so that its requests affect each other.
import type { Random } from '../harness/random.js';
import {
  makeChange,
  makeComparison,
  makeRefresh,
  makeDeletion,
  makeRequest,
  makeWait,
} from './requests.js';
import { makeTimed } from './timed.js';
import type { Earlier, SequenceContext } from './parameters.js';
import { put } from './step.js';
import type { RequestStep, Sequence, Step } from './step.js';

const STEPS = [4, 24] as const;
const WAIT_SHARE = 0.1;
/** Weights of the kinds. Timed sequences take seconds. */
const KINDS = { plain: 52, watched: 34, queue: 6, timed: 8 };
const REQUESTS = { any: 78, comparison: 16, refresh: 6 };
const CHANGES = { any: 55, deletion: 23, comparison: 16, refresh: 6 };

/** Files that exist before the other requests. */
const INITIAL_FILES = [
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
  const builder = new SequenceBuilder(random, root);
  const hasWaits = random.chance(0.6);
  const count = random.whole(STEPS);
  builder.createInitialFiles();
  while (builder.steps.length < count) {
    if (hasWaits && random.chance(WAIT_SHARE)) builder.wait();
    else builder.request();
  }
  return builder.sequence();
}

/** Waits of every kind, changes for them, and waits for past events. */
function makeWatched(random: Random, root: string): Sequence {
  const builder = new SequenceBuilder(random, root);
  builder.createInitialFiles();
  for (let left = random.whole([2, 6]); left > 0; left--) builder.wait();
  for (let left = random.whole([3, 10]); left > 0; left--) {
    builder.change();
  }
  for (let left = random.whole([0, 3]); left > 0; left--) builder.wait();
  return builder.sequence();
}

/** In-order keys: listed, deleted and watched. */
function makeQueue(random: Random, root: string): Sequence {
  const builder = new SequenceBuilder(random, root);
  const queue = `/v2/keys/${root}${random.pick(['', '/q', '/q', '/a/q'])}`;
  builder.createInitialFiles();
  builder.waitFor(`${queue}?wait=true&recursive=true&stream=true`);
  for (let left = random.whole([4, 12]); left > 0; left--) {
    if (random.chance(0.55)) builder.post(queue);
    else if (random.chance(0.4)) builder.take();
    else builder.get(`${queue}?${random.pick(['', 'recursive=true&'])}sorted=true`);
  }
  builder.get(`${queue}?recursive=true&sorted=true`);
  return builder.sequence();
}

class SequenceBuilder {
  readonly steps: Step[] = [];
  readonly #context: SequenceContext & { readonly earlier: Earlier[]; readonly queued: number[] };

  constructor(random: Random, root: string) {
    this.#context = { random, root, earlier: [], queued: [] };
  }

  createInitialFiles(): void {
    const { random, root } = this.#context;
    for (const path of random.pick(INITIAL_FILES)) {
      const body = `value=${path.length % 2 === 0 ? 'one' : 'two'}`;
      this.#add(put(this.#id, `/v2/keys/${root}/${path}`, body));
    }
  }

  wait(): void {
    this.#add(makeWait(this.#context, this.#id));
  }

  waitFor(target: string): void {
    this.#add({ kind: 'wait', id: this.#id, target });
  }

  get(target: string): void {
    this.#add({ kind: 'request', id: this.#id, method: 'GET', target });
  }

  post(target: string): void {
    const { random } = this.#context;
    const body = random.pick(['value=one', 'value=two', 'value=', 'dir=true', 'value=one&ttl=500']);
    this.#add({ ...put(this.#id, target, body), method: 'POST' });
  }

  /** Deletes an in-order key. */
  take(): void {
    const { random, queued } = this.#context;
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
    this.#add(make[this.#context.random.weighted(REQUESTS)](this.#context, this.#id));
  }

  change(): void {
    const make = {
      any: makeChange,
      deletion: makeDeletion,
      comparison: makeComparison,
      refresh: makeRefresh,
    };
    this.#add(make[this.#context.random.weighted(CHANGES)](this.#context, this.#id));
  }

  sequence(): Sequence {
    return { root: this.#context.root, steps: this.steps, isTimed: false };
  }

  get #id(): number {
    return this.steps.length + 1;
  }

  #add(step: Step): void {
    this.steps.push(step);
    if (step.kind !== 'request') return;
    const path = step.target.split('?', 1)[0] ?? '';
    this.#context.earlier.push({ id: step.id, path, value: valueIn(step) });
    if (step.method === 'POST') this.#context.queued.push(step.id);
  }
}

/** Returns the value of the file that the step creates, if it does. */
function valueIn({ method, target, body }: RequestStep): string | undefined {
  if (method !== 'PUT') return undefined;
  const query = target.slice(target.indexOf('?') + 1);
  const inQuery = target.includes('?') ? new URLSearchParams(query).get('value') : null;
  return new URLSearchParams(body).get('value') ?? inQuery ?? undefined;
}
