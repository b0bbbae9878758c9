// Makes up sequences of requests: each in a directory of its own, on few names, so that its requests meet.
import type { Random } from '../laboratory/random.js';
import { makeRequest, makeWait } from './requests.js';
import type { Sequence, Step } from './step.js';
import { FORM_TYPE } from './pools.js';

const STEPS = [4, 24] as const;
const WAIT_SHARE = 0.1;
/** A sequence in which nodes end takes seconds. */
const TIMED_SHARE = 0.02;

/** Files that are there when the requests come. */
const BEGINNINGS = [
  [],
  ['a'],
  ['a/a', 'b'],
  ['a/a/a', 'a/b', 'a-b'],
  ['a/_h/a', '_h', 'b'],
] as const;

export function makeSequence(random: Random, root: string): Sequence {
  return random.chance(TIMED_SHARE) ? makeTimed(random, root) : makePlain(random, root);
}

function makePlain(random: Random, root: string): Sequence {
  const steps: Step[] = [];
  const earlier: number[] = [];
  const queued: number[] = [];
  const hasWaits = random.chance(0.6);
  const count = random.whole(STEPS);
  for (const path of random.pick(BEGINNINGS)) {
    const id = steps.length + 1;
    const body = `value=${path.length % 2 === 0 ? 'one' : 'two'}`;
    steps.push(put(id, `/v2/keys/${root}/${path}`, body));
    earlier.push(id);
  }
  for (let id = steps.length + 1; id <= count; id++) {
    const around = { random, root, earlier, queued };
    const isWait = hasWaits && random.chance(WAIT_SHARE);
    const step = isWait ? makeWait(around, id) : makeRequest(around, id);
    steps.push(step);
    if (step.kind !== 'request') continue;
    earlier.push(id);
    if (step.method === 'POST') queued.push(id);
  }
  return { root, steps, isTimed: false };
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
