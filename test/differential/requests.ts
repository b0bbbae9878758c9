// Makes up one request of v2: a method, a path, and parameters that make sense most of the time.
import type { Random } from '../harness/random.js';
import { ODD, boolean, maybe, noise, pairsOf, ttl, value, waitIndex } from './parameters.js';
import type { Pair, Surroundings } from './parameters.js';
import {
  FORM_TYPE,
  NAMES,
  ODD_NAMES,
  ODD_PAIRS,
  OTHER_METHODS,
  OTHER_TYPES,
  TRUE,
} from './pools.js';
import type { RequestStep, Template, WaitStep } from './step.js';

const METHODS = { PUT: 46, GET: 22, DELETE: 14, POST: 8, HEAD: 4, other: 2 };

export function makeRequest(around: Surroundings, id: number): RequestStep {
  const { random } = around;
  const kind = random.weighted(METHODS);
  const method = kind === 'other' ? random.pick(OTHER_METHODS) : kind;
  // The gateway knows methods that no door has before it looks at the path.
  const path = makePath(around, kind === 'other' ? 0 : ODD);
  // Go answers a HEAD whose path it cannot read with a body, which no client takes.
  const isUnreadable = method === 'HEAD' && path.includes('%zz');
  const pairs = [...pairsOf(around, method, path), ...noise(around)];
  return { kind: 'request', id, ...spread(random, isUnreadable ? 'GET' : method, path, pairs) };
}

/** A request that changes something if it can. */
export function makeChange(around: Surroundings, id: number): RequestStep {
  const { random } = around;
  const method = random.weighted({ PUT: 80, DELETE: 12, POST: 8 });
  const path = makePath(around, 0);
  return { kind: 'request', id, ...spread(random, method, path, pairsOf(around, method, path)) };
}

/** Of whatever is there. */
export function makeRemoval(around: Surroundings, id: number): RequestStep {
  return {
    kind: 'request',
    id,
    method: 'DELETE',
    target: `${makePath(around, 0)}?recursive=true`,
  };
}

/** Compares with what was there last, so that it succeeds most of the time. */
export function makeComparison(around: Surroundings, id: number): RequestStep {
  const { random, earlier } = around;
  const files = earlier.filter((step) => step.value !== undefined);
  if (files.length === 0) return makeChange(around, id);
  const { path } = random.pick(files);
  const last = earlier.findLast((step) => step.path === path)?.id;
  const text = files.findLast((step) => step.path === path)?.value ?? '';
  const kind = random.pick(['value', 'index', 'both'] as const);
  const comparison: Pair[] = [
    ...(kind === 'index' ? [] : [['prevValue', text] as const]),
    ...(kind === 'value' ? [] : [['prevIndex', `{${last}}`] as const]),
  ];
  const isRemoval = random.chance(0.35);
  const pairs: Pair[] = isRemoval
    ? comparison
    : [
        ...maybe(random, 0.9, 'value', () => value(random)),
        ...maybe(random, 0.15, 'ttl', () => ttl(random)),
        ...maybe(random, 0.1, 'prevExist', () => boolean(random)),
        ...maybe(random, 0.1, 'refresh', () => boolean(random)),
        ...comparison,
      ];
  return { kind: 'request', id, ...spread(random, isRemoval ? 'DELETE' : 'PUT', path, pairs) };
}

/** Of a node that was there. */
export function makeRefresh(around: Surroundings, id: number): RequestStep {
  const { random, earlier } = around;
  const again = earlier.filter(({ path }) => !UNCLEAN.test(path));
  if (again.length === 0) return makeChange(around, id);
  const pairs: Pair[] = [
    ['refresh', random.pick(TRUE)],
    ['ttl', ttl(random)],
    ...maybe(random, 0.8, 'prevExist', () => random.pick(TRUE)),
    ...maybe(random, 0.3, 'dir', () => boolean(random)),
  ];
  return { kind: 'request', id, ...spread(random, 'PUT', random.pick(again).path, pairs) };
}

export function makeWait(around: Surroundings, id: number): WaitStep {
  const { random } = around;
  const pairs: Pair[] = [['wait', random.pick(TRUE)]];
  if (random.chance(0.5)) pairs.push(['recursive', boolean(random)]);
  if (random.chance(0.35)) pairs.push(['stream', boolean(random)]);
  if (random.chance(0.45)) pairs.push(['waitIndex', waitIndex(around)]);
  if (random.chance(0.1)) pairs.push(['quorum', boolean(random)]);
  return { kind: 'wait', id, target: `${makePath(around)}?${encodePairs(pairs)}` };
}

const UNCLEAN = /\/\/|\/\.|\/%/;

function makePath({ random, root, earlier, queued }: Surroundings, unclean = ODD): Template {
  const again = earlier.filter(({ path }) => !UNCLEAN.test(path));
  if (again.length > 0 && random.chance(0.35)) return random.pick(again).path;
  const names = Array.from({ length: random.pick([0, 1, 1, 1, 2, 2, 3]) }, () =>
    random.pick(random.chance(ODD) ? ODD_NAMES : NAMES),
  );
  const isRoot = random.chance(0.02);
  const base = isRoot ? '/v2/keys' : `/v2/keys/${root}`;
  if (queued.length > 0 && random.chance(0.2)) return `/v2/keys{${random.pick(queued)}.key}`;
  const path = [base, ...(isRoot ? [] : names)].join('/');
  if (!random.chance(unclean)) return path;
  return random.pick([
    `${path}/`,
    path.replaceAll('/', '//'),
    `${path}//`,
    `${path}/.`,
    `${path}/../${root}/a`,
    `${path}/%zz`,
    `${path}/%2e`,
    `${path}/a/..`,
  ]);
}

/** Parameters into query, form, or both; now and then into something that is neither. */
function spread(
  random: Random,
  method: string,
  path: Template,
  pairs: readonly Pair[],
): Omit<RequestStep, 'kind' | 'id'> {
  const hasForm = method === 'PUT' || method === 'POST';
  const isQuery = (): boolean => (hasForm ? random.chance(0.1) : !random.chance(0.04));
  const whole = random.chance(0.15) ? isQuery() : undefined;
  const inQuery = pairs.filter(() => whole ?? isQuery());
  const inForm = pairs.filter((pair) => !inQuery.includes(pair));
  const query = withOddities(random, encodePairs(inQuery));
  const target = query === '' ? path : `${path}?${query}`;
  if (inForm.length === 0 && !(hasForm && random.chance(0.1))) return { method, target };
  const body = withOddities(random, encodePairs(inForm));
  if (random.chance(ODD)) {
    const contentType = random.pick([undefined, ...OTHER_TYPES]);
    const isJson = contentType === 'application/json';
    return {
      method,
      target,
      contentType,
      body: isJson ? JSON.stringify(Object.fromEntries(inForm)) : body,
    };
  }
  return { method, target, contentType: FORM_TYPE, body };
}

function withOddities(random: Random, text: Template): Template {
  if (!random.chance(0.02)) return text;
  const odd = encodeURI(random.pick(ODD_PAIRS)).replaceAll('%25', '%');
  return random.chance(0.5) ? `${text}&${odd}` : `${odd}&${text}`;
}

/** References stay what they are. */
function encodePairs(pairs: readonly Pair[]): Template {
  return pairs.map(([name, text]) => `${name}=${encodeValue(text)}`).join('&');
}

function encodeValue(text: Template): Template {
  return /^\{\d+(\+\d+)?\}$/.test(text) ? text : encodeURIComponent(text).replaceAll('%20', '+');
}
