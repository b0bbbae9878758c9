// Makes up one request of v2: a method, a path, and parameters that make sense most of the time.
import type { Random } from '../laboratory/random.js';
import {
  BAD_BOOLEANS,
  BAD_NUMBERS,
  FALSE,
  FORM_TYPE,
  NAMES,
  ODD_NAMES,
  ODD_PAIRS,
  ODD_VALUES,
  OTHER_METHODS,
  OTHER_TYPES,
  TRUE,
  TTLS,
  VALUES,
} from './pools.js';
import type { RequestStep, Template, WaitStep } from './step.js';

const ODD = 0.06;
const BAD = 0.04;

export interface Surroundings {
  readonly random: Random;
  readonly root: string;
  /** Steps so far: what they brought can be asked for. */
  readonly earlier: readonly number[];
  /** Those that made in-order keys. */
  readonly queued: readonly number[];
}

type Pair = readonly [name: string, value: Template];

const METHODS = { PUT: 46, GET: 22, DELETE: 14, POST: 8, HEAD: 4, other: 2 };

export function makeRequest(around: Surroundings, id: number): RequestStep {
  const { random } = around;
  const kind = random.weighted(METHODS);
  const method = kind === 'other' ? random.pick(OTHER_METHODS) : kind;
  const pairs = [...pairsOf(around, method), ...noise(around)];
  // The gateway knows methods that no door has before it looks at the path.
  const path = makePath(around, kind === 'other' ? 0 : ODD);
  // Go answers a HEAD whose path it cannot read with a body, which no client takes.
  const isUnreadable = method === 'HEAD' && path.includes('%zz');
  return { kind: 'request', id, ...spread(random, isUnreadable ? 'GET' : method, path, pairs) };
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

function waitIndex({ random, earlier }: Surroundings): Template {
  if (earlier.length === 0 || random.chance(ODD))
    return random.chance(0.5) ? '0' : random.pick(BAD_NUMBERS);
  const step = random.pick(earlier);
  return random.pick([`{${step}}`, `{${step}+1}`, `{${step}+2}`, `{${step}+1000}`]);
}

function makePath({ random, root, queued }: Surroundings, unclean = ODD): Template {
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

function pairsOf(around: Surroundings, method: string): Pair[] {
  const { random } = around;
  if (method === 'PUT') return putPairs(around);
  if (method === 'POST')
    return [
      ...maybe(random, 0.9, 'value', () => value(random)),
      ...maybe(random, 0.15, 'dir', () => boolean(random)),
      ...maybe(random, 0.1, 'ttl', () => ttl(random)),
    ];
  if (method === 'DELETE') return deletePairs(around);
  return [
    ...maybe(random, 0.4, 'recursive', () => boolean(random)),
    ...maybe(random, 0.5, 'sorted', () => boolean(random)),
    ...maybe(random, 0.2, 'quorum', () => boolean(random)),
    ...maybe(random, 0.03, 'consistent', () => boolean(random)),
  ];
}

/** Kinds of PUT, by what they are meant to do. */
const PUTS = { set: 40, mkdir: 14, create: 12, update: 12, swap: 16, refresh: 8, any: 6 };

function putPairs(around: Surroundings): Pair[] {
  const { random } = around;
  const withValue: Pair[] = [['value', value(random)]];
  const withTtl = maybe(random, 0.15, 'ttl', () => ttl(random));
  switch (random.weighted(PUTS)) {
    case 'set':
      return [
        ...withValue,
        ...withTtl,
        ...maybe(random, 0.06, 'noValueOnSuccess', () => boolean(random)),
      ];
    case 'mkdir':
      return [
        ['dir', 'true'],
        ...withTtl,
        ...maybe(random, 0.3, 'prevExist', () => boolean(random)),
      ];
    case 'create':
      return [
        ...withValue,
        ...withTtl,
        ['prevExist', random.pick(FALSE)],
        ...maybe(random, 0.2, 'dir', () => boolean(random)),
        ...maybe(random, 0.1, 'prevValue', () => value(random)),
      ];
    case 'update':
      return [
        ...maybe(random, 0.8, 'value', () => value(random)),
        ...withTtl,
        ['prevExist', random.pick(TRUE)],
        ...maybe(random, 0.2, 'dir', () => boolean(random)),
      ];
    case 'swap':
      return [
        ...withValue,
        ...withTtl,
        ...comparison(around),
        ...maybe(random, 0.2, 'prevExist', () => boolean(random)),
        ...maybe(random, 0.1, 'dir', () => boolean(random)),
      ];
    case 'refresh':
      return [
        ['refresh', 'true'],
        ...maybe(random, 0.9, 'ttl', () => ttl(random)),
        ...maybe(random, 0.7, 'prevExist', () => boolean(random)),
        ...maybe(random, 0.1, 'value', () => value(random)),
        ...maybe(random, 0.2, 'dir', () => boolean(random)),
        ...maybe(random, 0.2, 'prevValue', () => value(random)),
      ];
    case 'any':
      return [];
  }
}

function deletePairs(around: Surroundings): Pair[] {
  const { random } = around;
  if (random.chance(0.3)) return comparison(around);
  return [
    ...maybe(random, 0.35, 'dir', () => boolean(random)),
    ...maybe(random, 0.4, 'recursive', () => boolean(random)),
  ];
}

/** With the value, the index, or both; often what was there. */
function comparison({ random, earlier }: Surroundings): Pair[] {
  const index = (): Template => {
    if (random.chance(BAD)) return random.pick(BAD_NUMBERS);
    if (earlier.length === 0 || random.chance(0.2)) return random.pick(['0', '1', '999999999', '']);
    return `{${random.pick(earlier)}}`;
  };
  const kind = random.pick(['value', 'index', 'both'] as const);
  return [
    ...(kind === 'index' ? [] : [['prevValue', value(random)] as const]),
    ...(kind === 'value' ? [] : [['prevIndex', index()] as const]),
  ];
}

/** Now and then what does not belong there. */
function noise({ random, earlier }: Surroundings): Pair[] {
  if (!random.chance(0.12)) return [];
  const name = random.pick([
    'dir',
    'recursive',
    'sorted',
    'stream',
    'quorum',
    'refresh',
    'noValueOnSuccess',
    'prevExist',
    'ttl',
    'prevValue',
    'prevIndex',
    'waitIndex',
    'wait',
    'unknown',
    'Value',
  ]);
  switch (name) {
    case 'ttl':
      return [[name, ttl(random)]];
    case 'prevValue':
      return [[name, value(random)]];
    case 'prevIndex':
    case 'waitIndex':
      return [
        [
          name,
          earlier.length > 0 && random.chance(0.5)
            ? `{${random.pick(earlier)}}`
            : random.pick(BAD_NUMBERS),
        ],
      ];
    case 'wait':
      // A wait that is one has its own step.
      return [[name, random.pick([...FALSE, ...BAD_BOOLEANS])]];
    default:
      return [[name, boolean(random)]];
  }
}

function maybe(random: Random, probability: number, name: string, make: () => Template): Pair[] {
  return random.chance(probability) ? [[name, make()]] : [];
}

function value(random: Random): string {
  return random.pick(random.chance(ODD) ? ODD_VALUES : VALUES);
}

function ttl(random: Random): string {
  return random.pick(random.chance(BAD) ? BAD_NUMBERS : TTLS);
}

function boolean(random: Random): string {
  if (random.chance(BAD)) return random.pick(BAD_BOOLEANS);
  return random.pick(random.chance(0.75) ? TRUE : FALSE);
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
