// Generates one v2 request: a method, a path, and parameters that usually make sense.
import type { Random } from '../harness/random.js';
import { ODD, boolean, maybe, noise, pairsOf, ttl, value, waitIndex } from './parameters.js';
import type { Pair, SequenceContext } from './parameters.js';
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

export function makeRequest(context: SequenceContext, id: number): RequestStep {
  const { random } = context;
  const kind = random.weighted(METHODS);
  const method = kind === 'other' ? random.pick(OTHER_METHODS) : kind;
  // The gateway rejects unknown methods before it validates the path.
  const path = makePath(context, kind === 'other' ? 0 : ODD);
  // Go responds to a HEAD with an invalid path with a body, which HTTP clients cannot read.
  const isInvalidHead = method === 'HEAD' && path.includes('%zz');
  const pairs = [...pairsOf(context, method, path), ...noise(context)];
  return {
    kind: 'request',
    id,
    ...placeParameters(random, isInvalidHead ? 'GET' : method, path, pairs),
  };
}

/** Generates a request that usually changes something. */
export function makeChange(context: SequenceContext, id: number): RequestStep {
  const { random } = context;
  const method = random.weighted({ PUT: 80, DELETE: 12, POST: 8 });
  const path = makePath(context, 0);
  return {
    kind: 'request',
    id,
    ...placeParameters(random, method, path, pairsOf(context, method, path)),
  };
}

/** Deletes any path recursively. */
export function makeDeletion(context: SequenceContext, id: number): RequestStep {
  return {
    kind: 'request',
    id,
    method: 'DELETE',
    target: `${makePath(context, 0)}?recursive=true`,
  };
}

/** Compares with the last known state, so that it usually succeeds. */
export function makeComparison(context: SequenceContext, id: number): RequestStep {
  const { random, earlier } = context;
  const files = earlier.filter((step) => step.value !== undefined);
  if (files.length === 0) return makeChange(context, id);
  const { path } = random.pick(files);
  const last = earlier.findLast((step) => step.path === path)?.id;
  const text = files.findLast((step) => step.path === path)?.value ?? '';
  const kind = random.pick(['value', 'index', 'both'] as const);
  const comparison: Pair[] = [
    ...(kind === 'index' ? [] : [['prevValue', text] as const]),
    ...(kind === 'value' ? [] : [['prevIndex', `{${last}}`] as const]),
  ];
  const isDeletion = random.chance(0.35);
  const pairs: Pair[] = isDeletion
    ? comparison
    : [
        ...maybe(random, 0.9, 'value', () => value(random)),
        ...maybe(random, 0.15, 'ttl', () => ttl(random)),
        ...maybe(random, 0.1, 'prevExist', () => boolean(random)),
        ...maybe(random, 0.1, 'refresh', () => boolean(random)),
        ...comparison,
      ];
  return {
    kind: 'request',
    id,
    ...placeParameters(random, isDeletion ? 'DELETE' : 'PUT', path, pairs),
  };
}

/** Refreshes the ttl of a path that was used before. */
export function makeRefresh(context: SequenceContext, id: number): RequestStep {
  const { random, earlier } = context;
  const again = earlier.filter(({ path }) => !UNCLEAN.test(path));
  if (again.length === 0) return makeChange(context, id);
  const pairs: Pair[] = [
    ['refresh', random.pick(TRUE)],
    ['ttl', ttl(random)],
    ...maybe(random, 0.8, 'prevExist', () => random.pick(TRUE)),
    ...maybe(random, 0.3, 'dir', () => boolean(random)),
  ];
  return { kind: 'request', id, ...placeParameters(random, 'PUT', random.pick(again).path, pairs) };
}

export function makeWait(context: SequenceContext, id: number): WaitStep {
  const { random } = context;
  const pairs: Pair[] = [['wait', random.pick(TRUE)]];
  if (random.chance(0.5)) pairs.push(['recursive', boolean(random)]);
  if (random.chance(0.35)) pairs.push(['stream', boolean(random)]);
  if (random.chance(0.45)) pairs.push(['waitIndex', waitIndex(context)]);
  if (random.chance(0.1)) pairs.push(['quorum', boolean(random)]);
  return { kind: 'wait', id, target: `${makePath(context)}?${encodePairs(pairs)}` };
}

const UNCLEAN = /\/\/|\/\.|\/%/;

function makePath({ random, root, earlier, queued }: SequenceContext, unclean = ODD): Template {
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

/** Puts parameters into the query, the form, or both, and sometimes into another kind of body. */
function placeParameters(
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

/** Leaves references unchanged. */
function encodePairs(pairs: readonly Pair[]): Template {
  return pairs.map(([name, text]) => `${name}=${encodeValue(text)}`).join('&');
}

function encodeValue(text: Template): Template {
  return /^\{\d+(\+\d+)?\}$/.test(text) ? text : encodeURIComponent(text).replaceAll('%20', '+');
}
