// Generates the parameters of one request: usually a sensible combination, and sometimes an invalid one.
import type { Random } from '../harness/random.js';
import { BAD_BOOLEANS, BAD_NUMBERS, FALSE, ODD_VALUES, TRUE, TTLS, VALUES } from './pools.js';
import type { Template } from './step.js';

export const ODD = 0.06;
const BAD = 0.04;

export interface Earlier {
  readonly id: number;
  /** Without the query. */
  readonly path: Template;
  /** The value that a file got there. */
  readonly value?: string | undefined;
}

export interface SequenceContext {
  readonly random: Random;
  readonly root: string;
  /** Earlier steps. Requests can refer to their results. */
  readonly earlier: readonly Earlier[];
  /** Steps that created in-order keys. */
  readonly queued: readonly number[];
}

export type Pair = readonly [name: string, value: Template];

export function pairsOf(context: SequenceContext, method: string, path: Template): Pair[] {
  const { random } = context;
  if (method === 'PUT') return putPairs(context, path);
  if (method === 'POST')
    return [
      ...maybe(random, 0.9, 'value', () => value(random)),
      ...maybe(random, 0.15, 'dir', () => boolean(random)),
      ...maybe(random, 0.1, 'ttl', () => ttl(random)),
    ];
  if (method === 'DELETE') return deletePairs(context, path);
  return [
    ...maybe(random, 0.4, 'recursive', () => boolean(random)),
    ...maybe(random, 0.5, 'sorted', () => boolean(random)),
    ...maybe(random, 0.2, 'quorum', () => boolean(random)),
    ...maybe(random, 0.03, 'consistent', () => boolean(random)),
  ];
}

/** Weights of PUT requests by purpose. */
const PUTS = { set: 40, mkdir: 14, create: 12, update: 12, swap: 26, refresh: 8, any: 6 };

function putPairs(context: SequenceContext, path: Template): Pair[] {
  const { random } = context;
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
        ...comparison(context, path),
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

function deletePairs(context: SequenceContext, path: Template): Pair[] {
  const { random } = context;
  if (random.chance(0.3)) return comparison(context, path);
  return [
    ...maybe(random, 0.35, 'dir', () => boolean(random)),
    ...maybe(random, 0.4, 'recursive', () => boolean(random)),
  ];
}

/** Compares the value, the index, or both, often with the current ones. */
function comparison({ random, earlier }: SequenceContext, path: Template): Pair[] {
  const last = earlier.findLast((step) => step.path === path);
  const index = (): Template => {
    if (random.chance(BAD)) return random.pick(BAD_NUMBERS);
    if (last !== undefined && random.chance(0.7)) return `{${last.id}}`;
    if (earlier.length === 0 || random.chance(0.2)) return random.pick(['0', '1', '999999999', '']);
    return `{${random.pick(earlier).id}}`;
  };
  const kind = random.pick(['value', 'index', 'index', 'both'] as const);
  return [
    ...(kind === 'index' ? [] : [['prevValue', value(random)] as const]),
    ...(kind === 'value' ? [] : [['prevIndex', index()] as const]),
  ];
}

/** Sometimes returns a parameter that does not belong to the request. */
export function noise({ random, earlier }: SequenceContext): Pair[] {
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
            ? `{${random.pick(earlier).id}}`
            : random.pick(BAD_NUMBERS),
        ],
      ];
    case 'wait':
      // Valid waits have their own kind of step.
      return [[name, random.pick([...FALSE, ...BAD_BOOLEANS])]];
    default:
      return [[name, boolean(random)]];
  }
}

export function maybe(
  random: Random,
  probability: number,
  name: string,
  make: () => Template,
): Pair[] {
  return random.chance(probability) ? [[name, make()]] : [];
}

export function value(random: Random): string {
  return random.pick(random.chance(ODD) ? ODD_VALUES : VALUES);
}

export function ttl(random: Random): string {
  return random.pick(random.chance(BAD) ? BAD_NUMBERS : TTLS);
}

export function boolean(random: Random): string {
  if (random.chance(BAD)) return random.pick(BAD_BOOLEANS);
  return random.pick(random.chance(0.75) ? TRUE : FALSE);
}

export function waitIndex({ random, earlier }: SequenceContext): Template {
  if (earlier.length === 0 || random.chance(ODD))
    return random.chance(0.5) ? '0' : random.pick(BAD_NUMBERS);
  const step = random.pick(earlier).id;
  return random.pick([`{${step}}`, `{${step}+1}`, `{${step}+2}`, `{${step}+1000}`]);
}
