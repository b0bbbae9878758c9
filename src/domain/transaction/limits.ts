// What etcd would refuse, told before it is asked, with the place where it stands. Pure.
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { Decision, Leaf, Step, Test } from './plan.js';

export interface TransactionLimits {
  /** etcd's --max-txn-ops: comparisons, and operations of each branch, on one level; a nested transaction has what its surroundings leave. */
  readonly levelOperationsMax: number;
  /** etcd's --max-request-bytes. */
  readonly requestBytesMax: number;
  /** Comparisons and operations on all levels together; etcd has no such limit, and takes long over more. */
  readonly operationsMax: number;
}

/** etcd's defaults. */
export const DEFAULT_LIMITS: TransactionLimits = {
  levelOperationsMax: 128,
  requestBytesMax: 1_572_864,
  operationsMax: 4_096,
};

/** Throws `invalid-request` for too much, `too-large` for too long. Look at the sum first: a plan can be much larger than its parts. */
export function refuseTooMuch(plan: Test, limits: TransactionLimits): void {
  const { operations, bytes } = plan.size;
  if (operations > limits.operationsMax) throw tooManyOperations(operations, limits);
  if (bytes > limits.requestBytesMax) {
    const detail = `keys and values have ${bytes} bytes; etcd takes ${limits.requestBytesMax} in one request`;
    throw new GatewayError('too-large', {
      detail,
      hint: 'split the transaction, or keep large values out of it',
      fields: { errors: [{ pointer: '', detail }] },
    });
  }
  refuseFullLevels(plan, limits.levelOperationsMax);
}

/** `operations`: how many of them were counted. */
export function tooManyOperations(
  operations: number,
  { operationsMax }: TransactionLimits,
): GatewayError {
  return invalidRequest(
    '',
    `the transaction has ${operations} comparisons and operations; ${operationsMax} are the most`,
    'split it into several; each `value` comparison with != doubles the branch `else`',
  );
}

function refuseFullLevels(test: Test, left: number): void {
  const compares = test.compare.length;
  if (compares > left) throw tooMany(test.at, compares, left, 'comparisons');
  const branches = [test.yes, test.no];
  for (const branch of branches) {
    if (branch.kind === 'leaf' && widthOf(branch) > left)
      throw tooMany(branch.at, widthOf(branch), left, 'operations');
  }
  // A test that stands in a branch is the branch's only operation.
  const used = Math.max(compares, ...branches.map(widthOf));
  for (const branch of branches) {
    for (const inner of innerTests(branch)) {
      if (used >= left) throw tooDeep(inner.at);
      refuseFullLevels(inner, left - used);
    }
  }
}

function widthOf(branch: Decision): number {
  if (branch.kind === 'test') return 1;
  return branch.steps.reduce((sum, step) => sum + requestsOf(step), probesOf(branch));
}

function probesOf(leaf: Leaf): number {
  return leaf.probe === undefined ? 0 : 1;
}

function requestsOf(step: Step): number {
  return step.kind === 'plain' ? step.requests.length : 1;
}

function innerTests(branch: Decision): Test[] {
  if (branch.kind === 'test') return [branch];
  return branch.steps.flatMap((step) => (step.kind === 'nested' ? [step.plan] : []));
}

function tooMany(at: string, count: number, left: number, what: string): GatewayError {
  return invalidRequest(at, `${at} has ${count} ${what}; there is room for ${left}`, LEVELS_HINT);
}

function tooDeep(at: string): GatewayError {
  return invalidRequest(at, `${at} is too deep: the levels around it leave no room`, LEVELS_HINT);
}

const LEVELS_HINT =
  'etcd takes 128 on a level unless its --max-txn-ops says otherwise, and inside a nested transaction what the level around it leaves; a guard, each part of a range around reserved keys, and each `value` comparison with != take places, too';
