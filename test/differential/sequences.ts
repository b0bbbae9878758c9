// Makes up sequences of requests: each in a directory of its own, on few names, so that its requests meet.
import type { Random } from '../laboratory/random.js';
import { makeChange, makeRemoval, makeRequest, makeWait } from './requests.js';
import type { Earlier, Surroundings } from './parameters.js';
import type { Sequence, Step } from './step.js';
import { FORM_TYPE } from './pools.js';

const STEPS = [4, 24] as const;
const WAIT_SHARE = 0.1;
/** How often which kind is made. One in which nodes end takes seconds. */
const KINDS = { plain: 62, watched: 36, timed: 2 };

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
    if (random.chance(0.25)) made.removal();
    else made.change();
  }
  for (let left = random.whole([0, 3]); left > 0; left--) made.wait();
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

  request(): void {
    this.#add(makeRequest(this.#around, this.#id));
  }

  change(): void {
    this.#add(makeChange(this.#around, this.#id));
  }

  removal(): void {
    this.#add(makeRemoval(this.#around, this.#id));
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
    this.#around.earlier.push({ id: step.id, path: step.target.split('?', 1)[0] ?? '' });
    if (step.method === 'POST') this.#around.queued.push(step.id);
  }
}

/** A node with a short life, those who wait for its end, and what is there afterwards. */
function makeTimed(random: Random, root: string): Sequence {
  const path = `/v2/keys/${root}/${random.pick(['f', 'd', 'd/e'])}`;
  const isDirectory = random.chance(0.6);
  let id = 0;
  const get = (target: string): Step => ({ kind: 'request', id: ++id, method: 'GET', target });
  const wait = (target: string): Step => ({ kind: 'wait', id: ++id, target });
  const ttl = random.pick(['1', '2']);
  const steps: Step[] = [
    put(++id, `/v2/keys/${root}/stays`, 'value=x'),
    wait(`/v2/keys/${root}?wait=true&recursive=true&stream=true`),
    wait(`${path}?wait=true`),
    isDirectory ? put(++id, path, `dir=true&ttl=${ttl}`) : put(++id, path, `value=1&ttl=${ttl}`),
    ...(isDirectory
      ? [
          put(++id, `${path}/below`, 'value=2'),
          put(++id, `${path}/sub/deep`, 'value=3'),
          wait(`${path}/sub/deep?wait=true`),
          wait(`${path}?wait=true&recursive=true&stream=true`),
        ]
      : []),
    get(path),
    get(`/v2/keys/${root}?recursive=true&sorted=true`),
    ...random.pick([
      [],
      [put(++id, path, `ttl=${ttl}&refresh=true&prevExist=true${isDirectory ? '&dir=true' : ''}`)],
      isDirectory ? [] : [put(++id, path, `value=4&ttl=${ttl}&prevExist=true`)],
    ]),
    { kind: 'end', id: ++id, target: path },
    get(path),
    get(`${path}/below`),
    get(`/v2/keys/${root}?recursive=true&sorted=true`),
    put(++id, path, 'value=again&prevExist=false'),
    get(path),
    wait(`/v2/keys/${root}?wait=true&recursive=true&waitIndex={4}`),
    wait(`/v2/keys/${root}?wait=true&recursive=true&waitIndex={4+1}`),
  ];
  return { root, steps, isTimed: true };
}

function put(id: number, target: string, body: string): Step {
  return { kind: 'request', id, method: 'PUT', target, contentType: FORM_TYPE, body };
}
