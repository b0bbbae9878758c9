// Rejects transactions that etcd would reject, with the pointer of the part that exceeds a limit. Pure.
import { GatewayError, invalidRequest } from '../../core/errors.js';
import type { BranchNode, CompareNode, PlanNode, Step } from './plan.js';

export interface TransactionLimits {
  /** etcd's --max-txn-ops: comparisons, and operations of each branch, on one level. A nested transaction gets what the outer levels leave. */
  readonly levelOperationsMax: number;
  /** etcd's --max-request-bytes. */
  readonly requestBytesMax: number;
  /** Comparisons and operations on all levels together. etcd has no such limit, but takes long for more. */
  readonly operationsMax: number;
}

/** etcd's defaults. */
export const DEFAULT_LIMITS: TransactionLimits = {
  levelOperationsMax: 128,
  requestBytesMax: 1_572_864,
  operationsMax: 4_096,
};

/** Throws `invalid-request` for too many operations, `too-large` for too many bytes. The total is checked first: a plan can be much larger than the request. */
export function requireWithinLimits(plan: CompareNode, limits: TransactionLimits): void {
  const { operations, bytes } = plan.size;
  if (operations > limits.operationsMax) throw tooManyOperations(operations, limits);
  if (bytes > limits.requestBytesMax) {
    const detail = `keys and values have ${bytes} bytes; etcd accepts ${limits.requestBytesMax} in one request`;
    throw new GatewayError('too-large', {
      detail,
      hint: 'split the transaction, or leave large values out of it',
      fields: { errors: [{ pointer: '', detail }] },
    });
  }
  requireLevelsWithin(plan, limits.levelOperationsMax);
}

/** `operations`: the number that was counted. */
export function tooManyOperations(
  operations: number,
  { operationsMax }: TransactionLimits,
): GatewayError {
  return invalidRequest(
    '',
    `the transaction has ${operations} comparisons and operations; the maximum is ${operationsMax}`,
    'split the transaction; each `value` comparison with != doubles the branch `else`',
  );
}

function requireLevelsWithin(node: CompareNode, left: number): void {
  const compares = node.compare.length;
  if (compares > left) throw tooMany(node.at, compares, left, 'comparisons');
  const branches = [node.success, node.failure];
  for (const branch of branches) {
    if (branch.kind === 'branch' && widthOf(branch) > left)
      throw tooMany(branch.at, widthOf(branch), left, 'operations');
  }
  // A comparison inside a branch is the branch's only operation.
  const used = Math.max(compares, ...branches.map(widthOf));
  for (const branch of branches) {
    for (const inner of innerCompareNodes(branch)) {
      if (used >= left) throw tooDeep(inner.at);
      requireLevelsWithin(inner, left - used);
    }
  }
}

function widthOf(branch: PlanNode): number {
  if (branch.kind === 'compare') return 1;
  return branch.steps.reduce((sum, step) => sum + requestsOf(step), probesOf(branch));
}

function probesOf(node: BranchNode): number {
  return node.probe === undefined ? 0 : 1;
}

function requestsOf(step: Step): number {
  return step.kind === 'plain' ? step.requests.length : 1;
}

function innerCompareNodes(branch: PlanNode): CompareNode[] {
  if (branch.kind === 'compare') return [branch];
  return branch.steps.flatMap((step) => (step.kind === 'nested' ? [step.plan] : []));
}

function tooMany(at: string, count: number, left: number, what: string): GatewayError {
  return invalidRequest(at, `${at} has ${count} ${what}; the maximum here is ${left}`, LEVELS_HINT);
}

function tooDeep(at: string): GatewayError {
  return invalidRequest(
    at,
    `${at} is nested too deeply: the outer levels use all operations`,
    LEVELS_HINT,
  );
}

const LEVELS_HINT =
  'split the transaction; etcd accepts 128 operations by default (--max-txn-ops), minus those of the outer levels; guards, ranges around reserved keys and `value` comparisons with != add operations';
